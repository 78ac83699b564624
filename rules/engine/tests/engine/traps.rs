//! Every trap of the language that was shown to exist: what the stock engine does, where that is cheap
//! to show, and what stops it in ours. An upgrade that moves one of these fails here.

use rhai::{CallFnOptions, Dynamic, Engine, OptimizationLevel, Scope};
use zamu_rules::{Status, hook, hooks};

use crate::{acme, fails, holds, judge, late_by, refused};

/// What a stock engine makes of an expression.
fn stock<T: Clone + Send + Sync + 'static>(expression: &str) -> T {
    Engine::new().eval::<T>(expression).unwrap()
}

/// The compile-time message for a body.
fn refuses(body: &str) -> String {
    refused(&format!("fn lateness(clock_in, settings) {{ {body} }}")).message
}

#[test]
fn trap_01_different_kinds_compare_as_no() {
    assert!(!stock::<bool>("\"5\" > 3"));
    assert!(!stock::<bool>("true == 1"));
    assert_eq!(
        fails("if \"5\" > 3 { on_time() }"),
        "cannot compare text > a whole number"
    );
    assert_eq!(
        fails("if true == 1 { on_time() }"),
        "cannot compare yes/no == a whole number"
    );
    assert_eq!(
        fails("if clock_in.now != \"x\" { on_time() }"),
        "cannot compare a moment != text"
    );
}

#[test]
fn trap_02_a_missing_field_compares_as_no() {
    assert!(!stock::<bool>("let m = #{a: 1}; m.b > 10"));
    assert!(stock::<bool>("let m = #{a: 1}; m.b != 10"));
    assert_eq!(
        fails("if clock_in.b > 10 { on_time() }"),
        "`clock_in` has no `b`"
    );
    assert_eq!(
        fails("if clock_in.b != 10 { on_time() }"),
        "`clock_in` has no `b`"
    );
}

#[test]
fn trap_03_no_spelling_of_a_read_returns_nothing_and_no_write_succeeds() {
    for body in [
        "clock_in?.b",
        "clock_in[\"b\"]",
        "settings?.b",
        "settings[\"b\"]",
    ] {
        assert!(fails(body).contains("has no `b`"), "{body}");
    }
    assert!(fails("clock_in.get(\"b\")").starts_with("Function not found: get"));
    assert_eq!(
        fails("clock_in.b = 1; on_time()"),
        "No writable property: b"
    );
    assert_eq!(
        fails("clock_in[\"b\"] = 1; on_time()"),
        "No writable property: b"
    );
}

#[test]
fn trap_04_a_chain_of_comparisons() {
    assert!(!stock::<bool>("1 < 2 < 3"));
    assert_eq!(
        fails("if 1 < 2 < 3 { on_time() }"),
        "cannot compare yes/no < a whole number"
    );
}

#[test]
fn trap_05_enumerations_are_plain_text() {
    assert!(holds("clock_in.weekday == \"monday\""));
    assert!(holds(
        "switch clock_in.weekday { \"monday\" => true, _ => false }"
    ));
    assert!(holds("`${clock_in.weekday}` == \"monday\""));
}

#[test]
fn trap_06_money_is_not_text() {
    let folder = crate::folder(&[]);
    crate::write(
        folder.path(),
        "default/attendance/lateness.settings.toml",
        MONEY_SETTINGS,
    );
    let (book, problems) = zamu_rules::Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    let (_, value) = book.settings("acme", hooks::LATENESS).remove(0);
    assert_eq!(
        value.to_json(),
        serde_json::json!({"minor": 150_000, "currency": "KES"})
    );
}

const MONEY_SETTINGS: &str = "[fee]\ntype = \"money\"\ndefault = \"KES 1500\"\nlabel = \"Fee\"\n
[grace_minutes]\ntype = \"minutes\"\ndefault = 5\nlabel = \"x\"\n
[very_late_after_minutes]\ntype = \"minutes\"\ndefault = 30\nlabel = \"x\"\n";

/// A lateness rule over settings that hold money.
fn with_fee(body: &str) -> zamu_rules::Decision {
    let folder = crate::folder(&[
        ("default/attendance/lateness.settings.toml", MONEY_SETTINGS),
        (
            "orgs/acme/attendance/lateness.rhai",
            &format!("fn lateness(clock_in, settings) {{ {body} }}"),
        ),
    ]);
    let (book, problems) = zamu_rules::Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    book.decide("acme", hooks::LATENESS, late_by(22))
}

#[test]
fn trap_07_money_times_a_fraction_has_advice() {
    let problem = with_fee("let fee = settings.fee * 1.5; on_time()")
        .problem
        .unwrap();
    assert_eq!(problem.message, "multiply money by a whole number");
    assert_eq!(problem.hint.as_deref(), Some("use .percent(150)"));
    assert_eq!(
        with_fee("if settings.fee * 2 == settings.fee.percent(200) { on_time() }").problem,
        None
    );
    let message = with_fee("if settings.fee > 5 { on_time() }")
        .problem
        .unwrap()
        .message;
    assert_eq!(message, "cannot compare money > a whole number");
}

#[test]
fn trap_08_halves_round_away_from_zero() {
    let money = zamu_rules::Money::parse("KES 2.35").unwrap();
    assert_eq!(money.percent(50).unwrap().minor, 118);
    assert_eq!(
        zamu_rules::Money::parse("KES -2.35")
            .unwrap()
            .percent(50)
            .unwrap()
            .minor,
        -118
    );
}

#[test]
fn trap_09_whole_division_drops_the_rest() {
    assert_eq!(stock::<i64>("5 / 2"), 2);
    assert_eq!(stock::<i64>("-7 / 2"), -3);
    assert!(holds(
        "started_blocks(61, 15) == 5 && started_blocks(60, 15) == 4"
    ));
    let report = zamu_rules::checking::check_source(
        hooks::LATENESS,
        "fn lateness(clock_in, settings) { late(clock_in.minutes_late / 2) }",
    );
    assert_eq!(
        report.findings[0].message,
        "a division of whole numbers drops the rest"
    );
}

#[test]
fn trap_10_numbers_that_do_not_fit() {
    assert!(
        Engine::new()
            .eval::<i64>("9223372036854775807 + 1")
            .is_err()
    );
    assert!(stock::<Dynamic>("99999999999999999999").is_float());
    assert_eq!(stock::<i64>("1 << 70"), 0);
    assert!(judge("late(9223372036854775807 + 1)").problem.is_some());
    assert!(
        fails("late(99999999999999999999)")
            .contains("takes a whole number of minutes, not a fraction")
    );
    assert!(fails("late(1.0 / 0.0)").contains("not a fraction"));
    assert!(refuses("late(1 << 70)").contains("<<"));
}

#[test]
fn trap_11_fractions_are_not_compared_at_all() {
    assert!(stock::<bool>("0.1 + 0.2 == 0.3"));
    assert_eq!(
        fails("if 0.1 + 0.2 == 0.3 { on_time() }"),
        "cannot compare a fraction == a fraction"
    );
    assert_eq!(
        fails("if 1 < 1.5 { on_time() }"),
        "cannot compare a whole number < a fraction"
    );
}

#[test]
fn trap_12_a_fraction_misses_its_case() {
    assert!(!stock::<bool>("switch 5.0 { 5 => true, _ => false }"));
    let source = "fn lateness(c, s) { switch 5.0 { 5 => on_time(), _ => excused() } }";
    let report = zamu_rules::checking::check_source(hooks::LATENESS, source);
    assert_eq!(report.findings[0].message, "rules decide on whole numbers");
}

#[test]
fn trap_13_nothing_changes_in_place() {
    let source = "let text = \"aba\"; text.replace(\"a\", \"b\"); text";
    assert_eq!(stock::<String>(source), "bbb");
    assert!(
        fails("let text = \"aba\"; text.replace(\"a\", \"b\")")
            .contains("Function not found: replace")
    );
    assert!(holds("\" late \".trim() == \"late\""));
    assert_eq!(fails("let answer = on_time();"), "this rule gave no answer");
}

#[test]
fn trap_14_mistakes_cannot_be_swallowed() {
    assert!(stock::<Dynamic>("try { throw 1 } catch (e) { e }").is_unit());
    assert_eq!(
        refuses("try { settings.grase } catch { } on_time()"),
        "`try` is switched off in rules"
    );
}

#[test]
fn trap_15_text_and_money_print_as_people_write_them() {
    assert_eq!(stock::<String>("\"a\" + 1"), "a1");
    assert_eq!(
        fails("let text = \"a\" + 1; on_time()"),
        "+ does not work between text and a whole number"
    );
    let decision = with_fee("on_time().because(`${settings.fee} at ${clock_in.now}`)");
    assert_eq!(
        decision.reasons,
        ["KES 1500.00 at 2026-01-05T08:30:00+03:00"]
    );
}

#[test]
fn trap_16_an_answer_is_not_a_map() {
    assert_eq!(
        fails("#{ outcome: \"late\", minuts: 22 }"),
        "this rule answered with a record, not with an outcome"
    );
}

#[test]
fn trap_17_the_file_body_never_runs() {
    let engine = Engine::new();
    let ast = engine.compile("throw \"body ran\"; fn f() { 1 }").unwrap();
    assert!(
        engine
            .call_fn::<i64>(&mut Scope::new(), &ast, "f", ())
            .is_err()
    );
    let options = CallFnOptions::default().eval_ast(false);
    let called = engine.call_fn_with_options::<i64>(options, &mut Scope::new(), &ast, "f", ());
    assert_eq!(called.unwrap(), 1);
    let refused = refused("let x = 1; fn lateness(c, s) { on_time() }");
    assert_eq!(
        refused.message,
        "only functions may stand at the top of a rule"
    );
}

#[test]
fn trap_18_constants_at_the_top_are_refused() {
    let refused = refused("const GRACE = 5;\nfn lateness(c, s) { on_time() }");
    assert_eq!(
        refused.message,
        "only functions may stand at the top of a rule"
    );
    assert_eq!((refused.line, refused.column), (Some(1), Some(1)));
}

#[test]
fn trap_19_settings_are_not_baked_in() {
    let engine = Engine::new();
    let mut scope = Scope::new();
    scope.push_constant("GRACE", 5_i64);
    let ast = engine.compile_with_scope(&scope, "GRACE").unwrap();
    let mut later = Scope::new();
    later.push_constant("GRACE", 60_i64);
    assert_eq!(
        engine.eval_ast_with_scope::<i64>(&mut later, &ast).unwrap(),
        5
    );

    let folder = crate::folder(&[(
        "orgs/acme/settings.toml",
        "[attendance.lateness]\ngrace_minutes = 5\n",
    )]);
    let (first, _) = zamu_rules::Rulebook::load(folder.path(), None, None);
    crate::write(
        folder.path(),
        "orgs/acme/settings.toml",
        "[attendance.lateness]\ngrace_minutes = 25\n",
    );
    let (second, _) = zamu_rules::Rulebook::load(folder.path(), None, Some(&first));
    assert_eq!(
        first
            .decide("acme", hooks::LATENESS, late_by(22))
            .outcome
            .name,
        "late"
    );
    assert_eq!(
        second
            .decide("acme", hooks::LATENESS, late_by(22))
            .outcome
            .name,
        "on_time"
    );
}

#[test]
fn trap_20_another_number_of_parameters_is_not_an_override() {
    let engine = Engine::new();
    let mut below = engine.compile("fn f(a) { \"default\" }").unwrap();
    below.combine(engine.compile("fn f(a, b) { \"override\" }").unwrap());
    let called = engine
        .call_fn::<String>(&mut Scope::new(), &below, "f", (1_i64,))
        .unwrap();
    assert_eq!(called, "default");
    let refused = refused("fn lateness(clock_in, settings, extra) { on_time() }");
    assert_eq!(refused.message, "it takes two things: facts and settings");
    assert_eq!((refused.line, refused.column), (Some(1), Some(4)));
}

#[test]
fn trap_21_a_helper_is_not_hijacked_by_another_layer() {
    let engine = Engine::new();
    let mut below = engine.compile("fn help() { 1 } fn f() { help() }").unwrap();
    below.combine(engine.compile("fn help() { 2 }").unwrap());
    assert_eq!(
        engine
            .call_fn::<i64>(&mut Scope::new(), &below, "f", ())
            .unwrap(),
        2
    );

    let folder = crate::folder(&[
        (
            "default/attendance/lateness.rhai",
            "fn lateness(c, s) { late(help()) } private fn help() { 1 }",
        ),
        (
            "orgs/acme/attendance/lateness.rhai",
            "fn lateness(c, s) { inherit() } private fn help() { 2 }",
        ),
    ]);
    let (book, problems) = zamu_rules::Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    assert_eq!(
        book.decide("acme", hooks::LATENESS, late_by(9))
            .outcome
            .whole("minutes"),
        Some(1)
    );
}

#[test]
fn trap_22_a_helper_cannot_take_the_name_of_a_host_function() {
    for name in ["late", "inherit", "because", "at_least", "has_tag"] {
        let source = format!("fn lateness(c, s) {{ on_time() }} private fn {name}(a, b) {{ 1 }}");
        assert_eq!(
            refused(&source).message,
            format!("`{name}` is already a word of the rules")
        );
    }
}

#[test]
fn trap_23_no_outcome_is_registered_twice() {
    const DECORATIONS: [(&str, usize); 6] = [
        ("because", 1),
        ("flag", 1),
        ("tell", 1),
        ("ask_for", 1),
        ("needs_review", 0),
        ("to_string", 0),
    ];
    for hook in hooks() {
        let mut outcomes: Vec<&str> = hook.outcomes.iter().map(|outcome| outcome.name).collect();
        outcomes.push("inherit");
        let all = outcomes.len();
        outcomes.sort_unstable();
        outcomes.dedup();
        assert_eq!(outcomes.len(), all, "{}", hook.name);

        // Several outcomes may share a method, but then it is the same one everywhere.
        let methods: Vec<_> = hook
            .outcomes
            .iter()
            .flat_map(|outcome| outcome.methods)
            .collect();
        for method in &methods {
            let key = (method.name, method.arguments.len());
            let same = methods
                .iter()
                .filter(|other| (other.name, other.arguments.len()) == key);
            assert!(
                same.into_iter().all(|other| other == method),
                "{}",
                hook.name
            );
            assert!(!DECORATIONS.contains(&key), "{}", hook.name);
        }
    }
}

#[test]
fn trap_24_a_script_cannot_replace_an_operator() {
    let source = "fn lateness(c, s) { on_time() } private fn `+`(a, b) { 0 }";
    refused(source);
    assert!(holds("1 + 1 == 2"));
}

#[test]
fn trap_25_no_file_can_be_reached() {
    for body in [
        "import \"../x\" as x; on_time()",
        "import \"/etc/passwd\" as x; on_time()",
    ] {
        assert_eq!(refuses(body), "`import` is switched off in rules");
    }
}

#[test]
fn trap_26_text_is_never_code() {
    assert_eq!(
        refuses("eval(\"on_time()\")"),
        "`eval` is switched off in rules"
    );
    refuses("let f = Fn(\"eval\"); f.call(\"1\")");
    refuses("let f = Fn(\"on_time\"); on_time()");
}

#[test]
fn trap_27_a_helper_cannot_end_the_rule() {
    assert_eq!(stock::<i64>("fn f() { exit(42) } f(); 1"), 42);
    assert!(fails("exit(on_time())").starts_with("Function not found: exit"));
}

#[test]
fn trap_30_a_tree_compiled_elsewhere_runs_unguarded() {
    // This is why the tree is private to the crate and compiling and running share one recipe.
    let ast = Engine::new()
        .compile("let n = 0; loop { n += 1; if n > 5 { break; } } n")
        .unwrap();
    let mut strict = Engine::new();
    strict.set_allow_looping(false);
    assert_eq!(strict.eval_ast::<i64>(&ast).unwrap(), 6);
    assert!(refuses("loop { } on_time()").contains("`loop` is switched off"));
}

#[test]
fn trap_31_no_looping_is_not_enough() {
    let mut engine = Engine::new();
    engine.set_allow_looping(false);
    assert_eq!(engine.eval::<i64>("[1, 2].map(|x| x * 2)[1]").unwrap(), 4);
    refuses("let x = [1, 2].map(|x| x * 2); on_time()");
    assert_eq!(
        judge("for i in 0..10000000 { } on_time()").status,
        Status::Budget
    );
}

#[test]
fn trap_32_no_fact_or_outcome_is_a_reserved_word() {
    let engine = Engine::new();
    for hook in hooks() {
        for name in names(hook.facts) {
            engine
                .compile(format!("let facts = #{{}}; facts.{name}"))
                .unwrap_or_else(|_| panic!("{name}"));
        }
        for outcome in hook.outcomes {
            engine.compile(format!("{}()", outcome.name)).unwrap();
        }
    }
    assert!(engine.compile("let m = #{}; m.with").is_err());
}

fn names(fields: &[zamu_rules::Field]) -> Vec<&'static str> {
    fields
        .iter()
        .flat_map(|field| {
            let inner = match field.kind {
                zamu_rules::Kind::Record(inner) => names(inner),
                _ => Vec::new(),
            };
            std::iter::once(field.name).chain(inner)
        })
        .collect()
}

#[test]
fn trap_33_names_are_ascii_and_text_is_not() {
    refuses("let übung = 1; on_time()");
    assert!(holds("\"übung\".len() == 5"));
    for hook in hooks() {
        assert!(names(hook.facts).iter().all(|name| name.is_ascii()));
    }
}

#[test]
fn trap_34_characters_word_processors_add() {
    for (letter, what) in [
        ("\u{feff}", "an invisible byte-order mark"),
        ("\u{a0}", "a non-breaking space"),
        ("\u{201c}", "a curly quote"),
    ] {
        let source = format!("fn lateness(c, s) {{ on_time(){letter} }}");
        let problem = refused(&source);
        assert_eq!(problem.message, format!("{what} is in the rule"));
        assert_eq!((problem.line, problem.column), (Some(1), Some(30)));
    }
    let windows = "fn lateness(c, s) {\r\n    on_time()\r\n}\r\n";
    assert_eq!(
        acme(windows)
            .decide("acme", hooks::LATENESS, late_by(0))
            .problem,
        None
    );
}

#[test]
fn trap_35_tests_run_in_the_order_of_the_file() {
    let folder = crate::folder(&[
        (
            "attendance/lateness.rhai",
            "fn lateness(clock_in, settings) { on_time() }",
        ),
        (
            "attendance/lateness.test.rhai",
            "fn test_z() { }\nfn test_a() { }\nfn test_m() { }\nfn test_b() { }\n",
        ),
    ]);
    let report = zamu_rules::testing::run(folder.path(), None);
    let names: Vec<&str> = report.tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names, ["test_z", "test_a", "test_m", "test_b"]);
}

#[test]
fn trap_37_maps_grow_past_their_limit_but_cannot_be_an_answer() {
    let mut engine = Engine::new();
    engine.set_max_map_size(10);
    let built = engine.eval::<i64>("let m = #{}; for i in 0..60 { m[`k${i}`] = i; } 60");
    assert_eq!(built.unwrap(), 60);
    let body = "let m = #{}; for i in 0..5000 { m[`k${i}`] = i; } m";
    assert!(judge(body).problem.is_some());
}

#[test]
fn trap_38_and_39_facts_are_a_pointer_and_not_walked_or_copied() {
    let tags: Vec<String> = (0..100).map(|index| format!("tag_{index}")).collect();
    let mut person = hook(hooks::LATENESS).unwrap().sample()["person"].clone();
    if let zamu_rules::Value::Record(record) = &mut person {
        record.insert("tags".to_owned(), tags.into());
    }
    let facts = crate::with(hooks::LATENESS, &[("person", person)]);
    let source = "fn lateness(c, s) { if help(c) { excused() } else { on_time() } }
        private fn help(c) { c.person.has_tag(\"tag_99\") }";
    let decision = acme(source).decide("acme", hooks::LATENESS, facts);
    assert_eq!(decision.outcome.name, "excused");
    assert_eq!(decision.read.len(), 1);
}

#[test]
fn trap_40_shared_values_in_a_list_would_panic() {
    let mut engine = Engine::new();
    engine.set_max_array_size(100);
    let mut shared = Dynamic::from(1_i64);
    shared = shared.into_shared();
    let list = Dynamic::from_array(vec![shared]);
    let mut scope = Scope::new();
    scope.push_dynamic("list", list);
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine
            .eval_with_scope::<Dynamic>(&mut scope, "let copy = list; copy.push(1); copy")
            .is_ok()
    }));
    assert!(ran.is_err());
    // No rule can make a shared value: functions without a name are the only way, and are refused.
    refuses("let x = 1; let f = || x; on_time()");
}

#[test]
fn trap_41_and_42_nothing_slow_can_be_called() {
    for body in [
        "sleep(1)",
        "timestamp()",
        "\"a\".pad(3000000, \"b\")",
        "[3, 1].sort()",
        "parse_json(\"{}\")",
    ] {
        assert!(fails(body).starts_with("Function not found"), "{body}");
    }
}

#[test]
fn trap_43_limits_cannot_be_caught() {
    let mut engine = Engine::new();
    engine.set_max_operations(100);
    assert!(
        engine
            .eval::<i64>("let x = 0; try { for i in 0..1000 { x += i; } } catch { } x")
            .is_err()
    );
}

#[test]
fn trap_44_and_45_depth_is_limited_the_same_everywhere() {
    let deep = format!("late({}1{})", "(".repeat(60), ")".repeat(60));
    assert_eq!(refuses(&deep), "this expression is nested too deeply");
    let source = "fn lateness(c, s) { help(0) } private fn help(n) { 1 + (1 + (1 + help(n + 1))) }";
    let decision = acme(source).decide("acme", hooks::LATENESS, late_by(1));
    assert_eq!(
        decision.problem.unwrap().message,
        "functions call each other too deeply"
    );
}

#[test]
fn trap_46_a_panic_in_a_host_function_goes_straight_through() {
    let mut engine = Engine::new();
    engine.register_fn("boom", || -> i64 { panic!("boom") });
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.eval::<i64>("boom()").is_ok()
    }));
    // The engine does not stop it; the guard around every evaluation does.
    assert!(ran.is_err());
}

#[test]
fn trap_47_nothing_is_printed() {
    assert_eq!(
        refuses("print(\"x\"); on_time()"),
        "`print` is switched off in rules"
    );
    assert_eq!(
        refuses("debug(\"x\"); on_time()"),
        "`debug` is switched off in rules"
    );
    assert!(
        fails("let a = on_time(); for i in 0..99 { a.because(`${i}`); } a")
            .contains("more than 16 notes")
    );
}

#[test]
fn trap_49_errors_inside_helpers_keep_their_place() {
    let source = "fn lateness(clock_in, settings) {\n    help(clock_in)\n}\n\nprivate fn help(it) {\n    late(it.minuts_late)\n}";
    let problem = acme(source)
        .decide("acme", hooks::LATENESS, late_by(1))
        .problem
        .unwrap();
    assert_eq!(problem.message, "`clock_in` has no `minuts_late`");
    assert_eq!((problem.line, problem.column), (Some(6), Some(13)));
    assert_eq!(
        problem.file.as_deref(),
        Some("orgs/acme/attendance/lateness.rhai")
    );
    let problem =
        acme("fn lateness(c, s) {\n    ontime()\n}").decide("acme", hooks::LATENESS, late_by(1));
    let problem = problem.problem.unwrap();
    assert_eq!((problem.line, problem.column), (Some(2), Some(5)));
}

#[test]
fn trap_50_operation_counts_depend_on_the_optimiser() {
    let count = |level| {
        let counter = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let mut engine = Engine::new();
        engine.set_optimization_level(level);
        let seen = counter.clone();
        engine.on_progress(move |count| {
            seen.store(count, std::sync::atomic::Ordering::Relaxed);
            None
        });
        engine
            .eval::<i64>("let a = 1 + 2 * 3; if true { a } else { 0 }")
            .unwrap();
        counter.load(std::sync::atomic::Ordering::Relaxed)
    };
    assert_ne!(
        count(OptimizationLevel::None),
        count(OptimizationLevel::Simple)
    );
    let twice = [
        judge("late(1 + 2 * 3)").operations,
        judge("late(1 + 2 * 3)").operations,
    ];
    assert_eq!(twice[0], twice[1]);
}
