//! One way to put a function into a module, whether it can refuse or not.

use rhai::{FuncRegistration, Module, RhaiNativeFunc, Variant};

/// Adds a function a rule can call. All of them are pure and without side effects, which is what lets a
/// first argument that cannot be assigned to still be asked.
pub(super) fn add<A, const N: usize, const X: bool, R, const F: bool, FUNC>(
    module: &mut Module,
    name: &str,
    function: FUNC,
) where
    A: 'static,
    R: Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
{
    FuncRegistration::new(name)
        .in_internal_namespace()
        .with_purity(true)
        .with_volatility(false)
        .set_into_module(module, function);
}

/// Adds a property, read like `moment.hour`.
pub(super) fn add_getter<A, const N: usize, const X: bool, R, const F: bool, FUNC>(
    module: &mut Module,
    name: &str,
    function: FUNC,
) where
    A: 'static,
    R: Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
{
    FuncRegistration::new_getter(name)
        .in_global_namespace()
        .with_purity(true)
        .with_volatility(false)
        .set_into_module(module, function);
}
