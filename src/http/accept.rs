//! Which media type the client wants, from `Accept`.

/// What can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: what clients knew before there was a specification.
    Json,
    /// `application/graphql-response+json`: a status code other than 200 means what it says.
    Graphql,
    /// `text/event-stream`: server-sent events.
    Events,
}

impl Media {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Events => "text/event-stream",
        }
    }

    /// A wildcard means `application/json`, as the specification has it.
    fn named(name: &str) -> Option<Self> {
        match name {
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "application/graphql-response+json" => Some(Self::Graphql),
            "text/event-stream" => Some(Self::Events),
            _ => None,
        }
    }
}

/// The best of what the client accepts; the first named wins a tie. Without a header it is `application/json`.
pub(super) fn choose(accept: Option<&str>) -> Option<Media> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Some(Media::Json);
    };
    let mut best: Option<(Media, f32)> = None;
    for (media, weight) in accept.split(',').filter_map(range) {
        if weight > best.map_or(0.0, |(_, most)| most) {
            best = Some((media, weight));
        }
    }
    best.map(|(media, _)| media)
}

fn range(text: &str) -> Option<(Media, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let media = Media::named(&parts.next()?.to_ascii_lowercase())?;
    let mut weight = 1.0;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => weight = value.parse().unwrap_or(0.0),
            "charset" if !is_utf8(value) => return None,
            _ => {}
        }
    }
    Some((media, weight))
}

/// Whether a content type is JSON in an encoding we read.
pub(super) fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                is_utf8(value.trim().trim_matches('"'))
            }
            _ => true,
        })
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_range_wins_and_the_first_of_equals() {
        let both = "application/graphql-response+json, application/json;q=0.9";
        assert_eq!(choose(Some(both)), Some(Media::Graphql));
        assert_eq!(
            choose(Some("application/json, application/graphql-response+json")),
            Some(Media::Json)
        );
        assert_eq!(
            choose(Some("application/json;q=0.1, text/event-stream")),
            Some(Media::Events)
        );
        assert_eq!(choose(Some("text/html, */*;q=0.8")), Some(Media::Json));
    }

    #[test]
    fn nothing_said_is_json_and_nothing_known_is_nothing() {
        assert_eq!(choose(None), Some(Media::Json));
        assert_eq!(choose(Some("text/html")), None);
        assert_eq!(choose(Some("application/json;q=0")), None);
        assert_eq!(choose(Some("application/json; charset=iso-8859-1")), None);
        assert_eq!(
            choose(Some("Application/JSON; Charset=\"UTF-8\"")),
            Some(Media::Json)
        );
    }

    #[test]
    fn only_json_in_utf8_is_read() {
        assert!(is_json("application/json"));
        assert!(is_json("application/json; charset=utf-8"));
        assert!(!is_json("application/json; charset=utf-16"));
        assert!(!is_json("text/plain"));
        assert!(!is_json("application/jsonx"));
    }
}
