//! How an answer sounds and what it says: tones, and messages as codes with parameters. The page makes the words.

use sealtrace_protocol::code::{Code, ParseError};
use sealtrace_protocol::ids::DocumentId;
use sealtrace_protocol::ledger::{Notice, Rejection};
use serde::Serialize;
use serde_json::{Map, Value};

/// What a person hears and sees before reading anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Nothing happened; go on.
    Ready,
    /// Counted, and on the disk.
    Accepted,
    /// Look, but it does not stop the work.
    Warning,
    /// Not counted; the person must acknowledge.
    Refused,
    /// Not counted, and somebody must be called.
    Critical,
}

impl Tone {
    /// True when the person must acknowledge before going on.
    #[must_use]
    pub const fn blocks(self) -> bool {
        matches!(self, Self::Refused | Self::Critical)
    }
}

/// A message for the page to word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// A snake_case word.
    pub code: String,
    /// What goes into its text.
    pub params: Map<String, Value>,
}

impl Message {
    /// A message without parameters.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), params: Map::new() }
    }

    /// Adds a parameter; one that does not turn into JSON is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.params.insert(name.to_owned(), value);
        }
        self
    }
}

/// What is answered to one scan or command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// How it sounds.
    pub tone: Tone,
    /// What it means.
    pub message: Message,
    /// 待核验: taken on trust until the cloud has seen it.
    pub provisional: bool,
    /// The open document that it fits better.
    pub offer: Option<DocumentId>,
    /// Which answer of the station it is; 0 before it was told, and where nothing was done.
    pub revision: u64,
}

impl Say {
    /// An answer that promises nothing beyond its tone.
    #[must_use]
    pub const fn new(tone: Tone, message: Message) -> Self {
        Self { tone, message, provisional: false, offer: None, revision: 0 }
    }

    /// Counted.
    #[must_use]
    pub fn accepted(message: Message) -> Self {
        Self::new(Tone::Accepted, message)
    }

    /// Not counted.
    #[must_use]
    pub fn refused(message: Message) -> Self {
        Self::new(Tone::Refused, message)
    }

    /// A rule said no.
    #[must_use]
    pub fn rejection(rejection: &Rejection) -> Self {
        Self::refused(message_of(rejection))
    }

    /// The text was no code.
    #[must_use]
    pub fn unreadable(text: &str, error: &ParseError) -> Self {
        let shown: String = text
            .chars()
            .filter(|character| !character.is_control())
            .take(SHOWN_CHARACTERS_MAX)
            .collect();
        Self::refused(
            Message::new("unreadable")
                .with("text", shown)
                .with("at", error.at)
                .with("why", error.why.to_string()),
        )
    }

    /// Counted, with what the rules want people to know about this code (or about all, when none is given).
    #[must_use]
    pub fn noticed(message: Message, notices: &[Notice], about: Option<Code>) -> Self {
        let mut say = Self::accepted(message);
        for notice in notices {
            let named = match notice {
                Notice::Provisional { code }
                | Notice::ContentsToFollow { code }
                | Notice::ImpliedReceipt { code, .. }
                | Notice::ImpliedReturn { code }
                | Notice::ReturnedByOther { code, .. }
                | Notice::ImpliedUnpack { code }
                | Notice::FoundAgain { code }
                | Notice::Elsewhere { code }
                | Notice::LotBlocked { code, .. } => Some(*code),
                // The package that was opened for it is not what was scanned.
                Notice::Short { .. } => about,
                Notice::Differs { .. } | Notice::Complete { .. } => None,
            };
            if about.is_some() && named != about {
                continue;
            }
            say.hear(notice);
        }
        say
    }

    /// The same answer, sounding no better than `tone`.
    #[must_use]
    pub fn at_least(mut self, tone: Tone) -> Self {
        if tone == Tone::Warning && self.tone == Tone::Accepted {
            self.tone = tone;
        }
        self
    }

    /// The same words, where they stop nobody.
    #[must_use]
    pub fn at_most_warning(mut self) -> Self {
        if self.tone.blocks() {
            self.tone = Tone::Warning;
        }
        self
    }

    fn hear(&mut self, notice: &Notice) {
        match notice {
            Notice::Provisional { .. } => self.provisional = true,
            Notice::ContentsToFollow { .. } | Notice::Complete { .. } | Notice::Short { .. } => {}
            Notice::ImpliedReceipt { .. }
            | Notice::ImpliedReturn { .. }
            | Notice::ReturnedByOther { .. }
            | Notice::ImpliedUnpack { .. }
            | Notice::FoundAgain { .. }
            | Notice::Elsewhere { .. }
            | Notice::LotBlocked { .. }
            | Notice::Differs { .. } => self.tone = Tone::Warning,
        }
        // What was done is said first; only the result of a comparison says more than that.
        let result = matches!(notice, Notice::Complete { .. } | Notice::Differs { .. });
        if result || self.message.code == "accepted" {
            word(notice).clone_into(&mut self.message.code);
            self.message.params.extend(inner(notice));
        }
    }
}

/// A notice's word. A blocked lot that came in is not what the rejection of the same word says.
const fn word(notice: &Notice) -> &'static str {
    match notice {
        Notice::LotBlocked { .. } => "set_apart",
        Notice::Provisional { .. }
        | Notice::ContentsToFollow { .. }
        | Notice::ImpliedReceipt { .. }
        | Notice::ImpliedReturn { .. }
        | Notice::ReturnedByOther { .. }
        | Notice::ImpliedUnpack { .. }
        | Notice::FoundAgain { .. }
        | Notice::Elsewhere { .. }
        | Notice::Short { .. }
        | Notice::Differs { .. }
        | Notice::Complete { .. } => notice.code(),
    }
}

/// Characters of an unreadable text that are sent back.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// A rejection's word and parameters, as in its JSON.
#[must_use]
pub fn message_of(rejection: &Rejection) -> Message {
    Message { code: rejection.code().to_owned(), params: inner(rejection) }
}

/// The fields of an enum value that serialises as `{"name": {fields}}`.
fn inner(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(outer)) => match outer.into_iter().next() {
            Some((_, Value::Object(fields))) => fields,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use sealtrace_protocol::ids::SiteId;

    use super::*;

    fn code() -> Code {
        "(00)000000000000000017".parse().unwrap()
    }

    #[test]
    fn a_rejection_becomes_its_word_and_its_fields() {
        let message = message_of(&Rejection::AlreadyPacked { code: code(), parent: code() });
        assert_eq!(message.code, "already_packed");
        assert_eq!(message.params.get("parent"), Some(&Value::from("(00)000000000000000017")));
    }

    #[test]
    fn trust_is_marked_and_an_implied_receipt_warns() {
        let say =
            Say::noticed(Message::new("accepted"), &[Notice::Provisional { code: code() }], None);
        assert_eq!((say.tone, say.provisional), (Tone::Accepted, true));
        let implied = Notice::ImpliedReceipt { code: code(), from: SiteId(1) };
        let say = Say::noticed(Message::new("accepted"), &[implied], Some(code()));
        assert_eq!((say.tone, say.message.code.as_str()), (Tone::Warning, "implied_receipt"));
    }

    #[test]
    fn what_is_shown_of_garbage_is_short_and_harmless() {
        let text = format!("\u{1b}{}", "x".repeat(4_096));
        let error = sealtrace_protocol::code::parse(&text).unwrap_err();
        let say = Say::unreadable(&text, &error);
        assert_eq!(say.message.params.get("text"), Some(&Value::from("x".repeat(80))));
    }
}
