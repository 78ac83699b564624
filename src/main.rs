//! The `zamu` program. What it does is [`zamu::cli`]; here is only what belongs to a process.

use std::process::ExitCode;

/// Many small allocations made on one thread and freed on another: a tenth to a quarter more requests a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Resolvers nest deeply, and a debug build gives each of them a large frame.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    match runtime {
        // On a worker, which has the stack, and not on the main thread, which may not.
        Ok(runtime) => runtime.block_on(async {
            #[expect(clippy::disallowed_methods, reason = "the first task, which everything else runs in")]
            let all = tokio::spawn(zamu::cli::run());
            all.await.unwrap_or(ExitCode::from(2))
        }),
        Err(_) => ExitCode::from(2),
    }
}
