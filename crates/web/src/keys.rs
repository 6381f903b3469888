//! The one table of keys: it feeds the handler in `keys.js`, the overlay `?`, the palette and the page of keys.

use i18n::Texts;
use serde_json::json;

use crate::Page;

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    List,
    Conversation,
    Everywhere,
}

impl Group {
    pub const ALL: [Group; 3] = [Self::List, Self::Conversation, Self::Everywhere];

    pub fn title(self, t: &Texts) -> &'static str {
        match self {
            Group::List => t.keys_group_list(),
            Group::Conversation => t.keys_group_conversation(),
            Group::Everywhere => t.keys_group_everywhere(),
        }
    }
}

pub struct Shortcut {
    pub group: Group,
    /// One character, `g` and one character, or `Ctrl` and a key. `data-key` and `data-go` in templates name the same characters.
    pub key: &'static str,
    /// `keys-<action>` is its text.
    pub action: &'static str,
}

impl Shortcut {
    /// As printed on the keyboard: "Strg K".
    pub fn shown(&self, t: &Texts) -> String {
        self.key.replace("Ctrl", t.key_ctrl())
    }
    /// One by one, to be drawn.
    pub fn parts(&self, t: &Texts) -> Vec<String> {
        self.shown(t).split(' ').map(String::from).collect()
    }
    pub fn text(&self, t: &Texts) -> String {
        let name = format!("keys-{}", self.action);
        t.by_key(&name, &[]).unwrap_or(name)
    }
    /// A single character: people can switch these off (WCAG 2.1.4).
    pub fn is_single(&self) -> bool {
        !self.key.starts_with("Ctrl")
    }
}

macro_rules! keys { ($($group:ident { $($key:literal $action:literal),* $(,)? })*) => {
    &[$($(Shortcut { group: Group::$group, key: $key, action: $action }),*),*]
} }

pub const TABLE: &[Shortcut] = keys! {
    List { "j" "next", "k" "previous", "o" "open", "." "new" }
    Conversation {
        "r" "answer", "n" "note", "a" "assign", "c" "claim", "e" "resolve", "z" "snooze", "l" "label", "p" "priority", "Ctrl ↵" "send", "]" "fold-context",
    }
    Everywhere {
        "u" "undo", "/" "search", "+" "log", "[" "fold-list", "g i" "go-inbox", "g e" "go-mentions", "g l" "go-listen", "g k" "go-customers", "g s" "go-settings",
        "Ctrl K" "palette", "Esc" "close", "?" "help",
    }
};

/// The table for `keys.js`: `[{ key, group, text }]`, safe inside a script element.
pub fn json(page: &Page) -> String {
    entries(&page.t)
}

fn entries(t: &Texts) -> String {
    let entries: Vec<_> = TABLE.iter().map(|k| json!({ "key": k.shown(t), "group": k.group.title(t), "text": k.text(t) })).collect();
    serde_json::Value::from(entries).to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use model::Locale;

    use super::*;

    #[test]
    fn every_key_means_one_thing_and_has_words_in_both_languages() {
        let keys: HashSet<&str> = TABLE.iter().map(|k| k.key).collect();
        assert_eq!(keys.len(), TABLE.len());
        for locale in [Locale::DeDe, Locale::En] {
            let t = Texts::new(locale);
            for shortcut in TABLE {
                assert!(!shortcut.text(&t).starts_with("keys-"), "{} has no text", shortcut.action);
            }
        }
    }

    #[test]
    fn keys_in_templates_are_in_the_table() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let (mut open, mut found) = (vec![folder], 0);
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for (attribute, prefix) in [("data-key=\"", ""), ("data-go=\"", "g ")] {
                for rest in text.split(attribute).skip(1) {
                    let key = format!("{prefix}{}", rest.split('"').next().unwrap());
                    assert!(TABLE.iter().any(|k| k.key == key), "{} uses {key:?}", path.display());
                    found += 1;
                }
            }
        }
        assert!(found > 5, "the templates name their keys otherwise now");
    }

    #[test]
    fn the_table_cannot_end_its_script_element() {
        let json = entries(&Texts::new(Locale::DeDe));
        assert!(!json.contains('<'));
        let entries: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(entries.len(), TABLE.len());
        assert!(entries.iter().any(|e| e["key"] == "Strg K"));
    }
}
