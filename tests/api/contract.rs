//! The contract: the committed SDL is the schema, and everything in it is described.

use std::path::Path;

use zamu::auth::action::Action;
use zamu::auth::policy::roles_for;

fn committed() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("graphql/schema.graphql"))
        .unwrap()
}

#[test]
fn the_committed_schema_is_the_one_served() {
    let (committed, served) = (committed(), zamu::graphql::sdl());
    let lines = committed.trim_end().lines().zip(served.trim_end().lines());
    let differs = lines
        .enumerate()
        .find(|(_, (committed, served))| committed != served);
    assert!(
        committed.trim_end() == served.trim_end(),
        "the schema changed, first at {differs:?}: `cargo run -- schema > graphql/schema.graphql`, and a line in CHANGELOG.md"
    );
}

/// The lines of the type `name`, with descriptions.
fn block<'a>(sdl: &'a str, name: &str) -> &'a str {
    let start = sdl.find(&format!("\ntype {name} {{")).unwrap();
    let rest = &sdl[start..];
    &rest[..rest.find("\n}").unwrap()]
}

/// Each root field says what it requires, and what it says is what the policy grants.
#[test]
fn every_root_field_says_whom_it_is_for() {
    let sdl = zamu::graphql::sdl();
    let mut wrong = Vec::new();
    for root in ["Query", "Mutation", "Subscription"] {
        let mut description = String::new();
        let mut inside = false;
        // Fields stand one tab in, their arguments two.
        let lines = block(&sdl, root).lines().skip(2);
        for line in lines
            .filter_map(|line| line.strip_prefix('\t'))
            .filter(|line| !line.starts_with('\t'))
        {
            if line.starts_with("\"\"\"") {
                inside = !inside;
                if inside {
                    description.clear();
                }
            } else if inside {
                description.push_str(line);
                description.push('\n');
            } else if !line.is_empty() && !line.starts_with(')') {
                let field = line.split(['(', ':']).next().unwrap_or_default();
                check(root, field, &description, &mut wrong);
                description.clear();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(root: &str, field: &str, description: &str, wrong: &mut Vec<String>) {
    let Some(line) = description
        .lines()
        .find_map(|line| line.trim().strip_prefix("Requires: "))
    else {
        wrong.push(format!("{root}.{field} has no `Requires:` line"));
        return;
    };
    // `CLOCK_IN` (OWNER, …): the roles must be the policy's; other sentences are for the lobby.
    let Some((action, roles)) = line
        .strip_prefix('`')
        .and_then(|rest| rest.split_once("` ("))
    else {
        return;
    };
    let Some(action) = Action::ALL.iter().find(|known| known.name() == action) else {
        wrong.push(format!("{root}.{field}: {action} is no permission"));
        return;
    };
    let granted: Vec<&str> = roles_for(*action).iter().map(|role| role.name()).collect();
    let said = roles.split(')').next().unwrap_or_default();
    if said != granted.join(", ") {
        wrong.push(format!(
            "{root}.{field} says ({said}), the policy grants ({})",
            granted.join(", ")
        ));
    }
}

#[test]
fn every_refusal_has_a_published_code() {
    let sdl = zamu::graphql::sdl();
    for code in [
        "ALREADY_CLOCKED_IN",
        "TRY_AGAIN",
        "LAGGED",
        "DENIED_BY_RULE",
        "IDEMPOTENCY_KEY_REUSED",
    ] {
        assert!(sdl.contains(code), "{code} is not in the SDL");
    }
}

/// Every type, field, argument, input field and enum value says what it is; what Relay prescribes is known by name.
#[tokio::test]
async fn everything_is_described() {
    let query = "{ __schema { types { name description
        fields { name description args { name description } }
        inputFields { name description } enumValues { name description } } } }";
    let answer = zamu::graphql::schema()
        .execute(query)
        .await
        .data
        .into_json()
        .unwrap();
    let mut bare = Vec::new();
    for kind in answer["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        let relay = ["Connection", "Edge", "PageInfo"]
            .iter()
            .any(|suffix| name.ends_with(suffix));
        let scalar = ["Boolean", "Float", "ID", "Int", "String"].contains(&name);
        if name.starts_with("__") || relay || scalar {
            continue;
        }
        note(&mut bare, name, kind);
        for part in ["fields", "inputFields", "enumValues"] {
            for item in kind[part].as_array().into_iter().flatten() {
                note(
                    &mut bare,
                    &format!("{name}.{}", item["name"].as_str().unwrap()),
                    item,
                );
                for argument in item["args"].as_array().into_iter().flatten() {
                    // Page arguments mean the same everywhere.
                    let argument_name = argument["name"].as_str().unwrap();
                    if !["first", "after", "input", "filter", "id"].contains(&argument_name) {
                        note(
                            &mut bare,
                            &format!("{name}.{}({argument_name})", item["name"]),
                            argument,
                        );
                    }
                }
            }
        }
    }
    assert!(
        bare.is_empty(),
        "without a description: {}",
        bare.join(", ")
    );
}

fn note(bare: &mut Vec<String>, name: &str, item: &serde_json::Value) {
    if item["description"].as_str().is_none_or(str::is_empty) {
        bare.push(name.to_owned());
    }
}
