//! Words and signs people bring from elsewhere, and what they mean here.

/// What is written, what a person is told, and what to write instead.
const SLIPS: &[(&str, &str, &str)] = &[
    (
        "null",
        "`null` is not a word here",
        "nothing is written `()`",
    ),
    ("nil", "`nil` is not a word here", "nothing is written `()`"),
    (
        "void",
        "`void` is not a word here",
        "nothing is written `()`",
    ),
    (
        "None",
        "`None` is not a word here",
        "nothing is written `()`",
    ),
    (
        "undefined",
        "`undefined` is not a word here",
        "nothing is written `()`",
    ),
    ("and", "`and` is not a word here", "write `&&`"),
    ("or", "`or` is not a word here", "write `||`"),
    (
        "not",
        "`not` is not a word here",
        "write `!` before what must not be",
    ),
    ("True", "`True` is not a word here", "write `true`"),
    ("False", "`False` is not a word here", "write `false`"),
    ("yes", "`yes` is not a word here", "write `true`"),
    ("no", "`no` is not a word here", "write `false`"),
    ("elif", "`elif` is not a word here", "write `else if`"),
    ("elsif", "`elsif` is not a word here", "write `else if`"),
    ("elseif", "`elseif` is not a word here", "write `else if`"),
    (
        "then",
        "`then` is not a word here",
        "put what follows between `{` and `}`",
    ),
    ("var", "`var` is not a word here", "write `let`"),
    ("function", "`function` is not a word here", "write `fn`"),
    ("def", "`def` is not a word here", "write `fn`"),
    (
        "loop",
        "`loop` is switched off in rules",
        "`for item in list { … }` walks a list",
    ),
    (
        "while",
        "`while` is switched off in rules",
        "`for item in list { … }` walks a list",
    ),
    (
        "do",
        "`do` is switched off in rules",
        "`for item in list { … }` walks a list",
    ),
    (
        "try",
        "`try` is switched off in rules",
        "a mistake must be seen; test for `()` instead",
    ),
    (
        "throw",
        "`throw` is switched off in rules",
        "answer with an outcome and `.because(…)`",
    ),
    (
        "import",
        "`import` is switched off in rules",
        "a rule is one file; what it needs is a fact or a setting",
    ),
    (
        "eval",
        "`eval` is switched off in rules",
        "a rule cannot run text as code",
    ),
    (
        "print",
        "`print` is switched off in rules",
        "say why with `.because(…)`",
    ),
    (
        "debug",
        "`debug` is switched off in rules",
        "say why with `.because(…)`",
    ),
    (
        "this",
        "`this` is switched off in rules",
        "use the names in the first line of the function",
    ),
    ("++", "`++` is not known here", "write `+= 1`"),
    (
        "--",
        "`--` is not known here",
        "write `-= 1`; a comment begins with `//`",
    ),
    ("===", "`===` is not known here", "write `==`"),
    ("!==", "`!==` is not known here", "write `!=`"),
    ("<>", "`<>` is not known here", "write `!=`"),
    ("&", "`&` is switched off in rules", "write `&&`"),
    (
        "?",
        "`?` is not known here",
        "write `if … { … } else { … }`, or `??` for a stand-in",
    ),
    (
        "|",
        "functions without a name are switched off in rules",
        "write `||` for \"or\"; walk a list with `for`",
    ),
    (
        "||",
        "functions without a name are switched off in rules",
        "walk a list with `for`",
    ),
    (
        "nothing",
        "`nothing` is not a word here",
        "nothing is written `()`",
    ),
    (
        "empty",
        "`empty` is not a word here",
        "nothing is written `()`",
    ),
    ("is", "`is` is not a word here", "write `==`"),
    ("equals", "`equals` is not a word here", "write `==`"),
    (
        "between",
        "`between` is not a word here",
        "write the two comparisons with `&&` between them",
    ),
    (
        "unless",
        "`unless` is not a word here",
        "write `if !(…) { … }`",
    ),
    (
        "foreach",
        "`foreach` is not a word here",
        "`for item in list { … }` walks a list",
    ),
    (
        "of",
        "`of` is not a word here",
        "`for item in list { … }` walks a list",
    ),
    ("end", "`end` is not a word here", "a block ends with `}`"),
    (
        "endif",
        "`endif` is not a word here",
        "a block ends with `}`",
    ),
    (
        "begin",
        "`begin` is not a word here",
        "a block begins with `{`",
    ),
    (
        "case",
        "`case` is not a word here",
        "inside `switch` write `value => …,`",
    ),
    (
        "default",
        "`default` is not a word here",
        "inside `switch` write `_ => …` for everything else",
    ),
    ("#", "`#` is not known here", "a comment begins with `//`"),
    (
        "%",
        "`%` is not a percent sign here",
        "write `amount.percent(5)`",
    ),
    (
        ":=",
        "`:=` is not known here",
        "write `=` to store a value, `==` to compare",
    ),
    ("=<", "`=<` is not known here", "write `<=`"),
    (
        "->",
        "`->` is not known here",
        "a dot leads to a fact: `clock_in.minutes_late`",
    ),
    (
        "::",
        "`::` is not known here",
        "a dot leads to a fact: `clock_in.minutes_late`",
    ),
];

/// Words of the language, for those who write them in capitals.
const KEYWORDS: &[&str] = &[
    "if", "else", "return", "let", "for", "in", "switch", "true", "false", "fn", "private",
];

/// What to say about a word that is not one here.
pub(super) fn slip(word: &str) -> Option<(String, Option<String>)> {
    if let Some((_, message, hint)) = SLIPS.iter().find(|slip| slip.0 == word) {
        return Some(((*message).to_owned(), Some((*hint).to_owned())));
    }
    let lower = word.to_lowercase();
    let keyword = KEYWORDS
        .iter()
        .find(|keyword| **keyword == lower && lower != word)?;
    Some((
        format!("`{word}` is not a word here"),
        Some(format!("write `{keyword}`")),
    ))
}
