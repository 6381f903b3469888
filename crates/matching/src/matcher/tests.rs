use super::*;
use crate::post::{Post, tokenise};
use crate::query::{link, parse};

fn tokenised(text: &str) -> TokenisedPost {
    tokenise(&Post { id: "1", text, lang: Some("de"), ..Post::default() })
}

fn matcher(queries: &[&str]) -> Matcher<usize> {
    let mut matcher = Matcher::new();
    for (id, query) in queries.iter().enumerate() {
        matcher.set(id, parse(query).unwrap());
    }
    matcher
}

#[test]
fn a_post_is_compared_with_the_searches_that_share_a_rare_term_and_no_others() {
    let mut matcher = Matcher::new();
    for id in 0..2000 {
        matcher.set(id, parse(&format!("der wort{id} lang:de")).unwrap());
    }
    let post = tokenised("der die das wort7 und wort8");
    assert_eq!(matcher.matches(&post), [7, 8]);
    assert_eq!(matcher.candidates(&post), 2);
}

#[test]
fn only_searches_without_anything_to_look_up_are_always_compared() {
    let matcher =
        matcher(&["kaffee -tee", "followers:>1000", "lie* dienst", "a OR (b has:link)", "lang:fr -x", "AT LEAST 2 (x, y, is:own)"]);
    assert_eq!(matcher.candidates(&tokenised("nichts davon")), 1);
}

#[test]
fn a_search_is_replaced_and_removed_by_its_id() {
    let mut matcher = matcher(&["kaffee", "tee"]);
    matcher.set(0, parse("wasser").unwrap());
    assert_eq!(matcher.len(), 2);
    assert_eq!(matcher.matches(&tokenised("kaffee tee wasser")), [0, 1]);
    assert_eq!(matcher.matches(&tokenised("kaffee")), Vec::<usize>::new());
    matcher.remove(1);
    matcher.remove(9);
    assert_eq!(matcher.matches(&tokenised("kaffee tee wasser")), [0]);
    matcher.remove(0);
    assert!(matcher.is_empty() && matcher.index.by_key.is_empty() && matcher.index.prefix_lengths.iter().all(|&n| n == 0));
}

#[test]
fn a_snapshot_keeps_what_it_had_while_the_set_changes() {
    let mut matcher = matcher(&["kaffee"]);
    let snapshot = matcher.clone();
    matcher.remove(0);
    assert_eq!(snapshot.matches(&tokenised("Kaffee")), [0]);
    assert_eq!(matcher.matches(&tokenised("Kaffee")), Vec::<usize>::new());
}

#[test]
fn a_snapshot_may_be_used_on_several_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&matcher(&["kaffee"]));
    shared(&tokenised("x"));
}

#[test]
fn a_search_with_an_unlinked_watch_never_matches_not_even_negated() {
    let matcher = matcher(&["kaffee -watch:tee"]);
    assert_eq!(matcher.matches(&tokenised("Kaffee")), Vec::<usize>::new());
}

#[test]
fn a_linked_watch_matches_as_if_it_stood_there() {
    let (tea, coffee) = (parse("tee OR matcha").unwrap(), parse("kaffee -watch:tee").unwrap());
    let linked = link(&[("kaffee", Some(&coffee)), ("tee", Some(&tea))]);
    let mut matcher = Matcher::new();
    for (id, query) in linked.into_iter().enumerate() {
        matcher.set(id, query.unwrap());
    }
    assert_eq!(matcher.matches(&tokenised("Kaffee")), [0]);
    assert_eq!(matcher.matches(&tokenised("Kaffee oder Matcha")), [1]);
}
