//! A parsed query, ready to match.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::language::ast::{Expr, Value};
use crate::language::error::{MAX_TERMS, Problem, QueryError};
use crate::language::fields::FieldName;
use crate::language::{nearest, parse as parse_expr, print};
use crate::matcher::compile::{Node, compile};
use crate::matcher::eval;
use crate::post::TokenisedPost;
use crate::search::narrow::{Narrow, narrow};

/// How deep watches may name watches.
const MAX_WATCH_DEPTH: usize = 64;
/// Most terms of a watch together with those it names.
const MAX_LINKED_TERMS: usize = 16 * MAX_TERMS;

/// A query without errors. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Query {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    expr: Expr,
    archive: bool,
    /// `None` while a `watch:` in it has not been linked.
    node: Option<Arc<Node>>,
}

/// Equal when they mean the same words in the same places, however they were written.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.inner.archive == other.inner.archive && self.inner.expr == other.inner.expr
    }
}

/// A condition that only the archive's store can test; it holds beside everything else of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// One of `since` (that day or later), `until` (that day or earlier), `before`, `after` (without the day itself), `label`,
    /// `status`, `assignee`.
    pub field: FieldName,
    /// The condition must not hold.
    pub negated: bool,
    /// One is enough. Days as `YYYY-MM-DD`; other values folded.
    pub values: Vec<String>,
}

/// Parses the query of a watch. All errors at once, in order of their columns.
pub fn parse(query: &str) -> Result<Query, Vec<QueryError>> {
    parse_expr(query, false).map(|expr| Query::new(expr, false))
}

/// Parses a search of the archive: also the archive's fields, and a plain word outside quotes finds its other forms too.
pub fn parse_archive(query: &str) -> Result<Query, Vec<QueryError>> {
    parse_expr(query, true).map(|expr| Query::new(expr, true))
}

impl Query {
    fn new(expr: Expr, archive: bool) -> Query {
        let node = compile(&expr, &|_| None).map(Arc::new);
        Query { inner: Arc::new(Inner { expr, archive, node }) }
    }

    /// The parsed tree.
    pub fn expr(&self) -> &Expr {
        &self.inner.expr
    }

    pub(crate) fn shared_node(&self) -> Option<Arc<Node>> {
        self.inner.node.clone()
    }

    pub(crate) fn node(&self) -> Option<&Node> {
        self.inner.node.as_deref()
    }

    /// The canonical form: parsing it gives an equal query.
    pub fn canonical(&self) -> String {
        print(&self.inner.expr, self.inner.archive)
    }

    /// Whether a post matches. [`Query::filters`] are not part of it; a query with an unlinked `watch:` matches nothing.
    pub fn matches(&self, post: &TokenisedPost) -> bool {
        self.node().is_some_and(|node| eval::matches(node, post))
    }

    /// Bytes of the post's text that made it match, in order and without overlaps.
    pub fn highlights(&self, post: &TokenisedPost) -> Vec<Range<usize>> {
        self.node().filter(|node| eval::matches(node, post)).map(|node| eval::highlights(node, post)).unwrap_or_default()
    }

    /// What the search document of every matching post holds; the store looks there first and then asks [`Query::matches`].
    /// A post whose document was cut off may match without holding it.
    pub fn required_terms(&self) -> Narrow {
        narrow(&self.inner.expr)
    }

    /// The archive's fields, which the store tests.
    pub fn filters(&self) -> Vec<Filter> {
        let one = |expr: &Expr, negated: bool| match expr {
            Expr::Field { name, values, .. } if name.is_archive() => {
                let values = values.iter().filter_map(|value| if let Value::Text(text) = value { Some(text.clone()) } else { None });
                Some(Filter { field: *name, negated, values: values.collect() })
            }
            _ => None,
        };
        let part = |expr: &Expr| if let Expr::Not(inner, _) = expr { one(inner, true) } else { one(expr, false) };
        match &self.inner.expr {
            Expr::And(parts) => parts.iter().filter_map(part).collect(),
            expr => part(expr).into_iter().collect(),
        }
    }

    /// The names of the watches it uses, with their columns.
    pub fn watches(&self) -> Vec<(String, usize)> {
        let mut names = Vec::new();
        visit(&self.inner.expr, &mut |expr| {
            if let Expr::Field { name: FieldName::Watch, values, column } = expr {
                names.extend(
                    values.iter().filter_map(|value| if let Value::Text(text) = value { Some((text.clone(), column.0)) } else { None }),
                );
            }
        });
        names
    }

    fn terms(&self) -> usize {
        let mut terms = 0;
        visit(&self.inner.expr, &mut |expr| {
            terms += match expr {
                Expr::Field { values, .. } => values.len(),
                Expr::Near(_) => 2,
                _ => 1,
            };
        });
        terms
    }
}

fn visit(expr: &Expr, with: &mut impl FnMut(&Expr)) {
    with(expr);
    match expr {
        Expr::And(parts) | Expr::Or(parts) | Expr::AtLeast { members: parts, .. } => parts.iter().for_each(|part| visit(part, with)),
        Expr::Not(inner, _) => visit(inner, with),
        _ => {}
    }
}

/// Links queries that name each other with `watch:"name"`. `None` stands for a watch that exists and does not parse.
///
/// Gives, in the same order, each query ready to match, or why it cannot be: unknown, cyclic or broken names.
pub fn link(named: &[(&str, Option<&Query>)]) -> Vec<Result<Query, Vec<QueryError>>> {
    let index: HashMap<&str, usize> = named.iter().enumerate().rev().map(|(i, (name, _))| (*name, i)).collect();
    let uses: Vec<Vec<(String, usize)>> = named.iter().map(|(_, query)| query.map(Query::watches).unwrap_or_default()).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); named.len()];
    let mut waiting: Vec<usize> = vec![0; named.len()];
    for (i, names) in uses.iter().enumerate() {
        for used in names.iter().filter_map(|(name, _)| index.get(name.as_str())) {
            users[*used].push(i);
            waiting[i] += 1;
        }
    }
    let mut linked: Vec<Option<Linked>> = named.iter().map(|_| None).collect();
    let mut ready: VecDeque<usize> = (0..named.len()).filter(|&i| waiting[i] == 0).collect();
    while let Some(i) = ready.pop_front() {
        linked[i] = Some(link_one(named, &index, &uses[i], &linked, i));
        for &user in &users[i] {
            waiting[user] -= 1;
            if waiting[user] == 0 {
                ready.push_back(user);
            }
        }
    }
    // What is left waits for itself, or for something that does.
    let settled: Vec<bool> = linked.iter().map(|linked| linked.as_ref().is_some_and(|linked| linked.result.is_ok())).collect();
    let result = |(i, linked): (usize, Option<Linked>)| match linked {
        Some(linked) => linked.result,
        None => Err(cycle_errors(i, &uses, &index, &settled)),
    };
    linked.into_iter().enumerate().map(result).collect()
}

struct Linked {
    result: Result<Query, Vec<QueryError>>,
    depth: usize,
    terms: usize,
}

fn link_one(
    named: &[(&str, Option<&Query>)],
    index: &HashMap<&str, usize>,
    uses: &[(String, usize)],
    linked: &[Option<Linked>],
    i: usize,
) -> Linked {
    let Some(query) = named[i].1 else { return Linked { result: Err(Vec::new()), depth: 0, terms: 0 } };
    let mut errors = Vec::new();
    let (mut depth, mut terms) = (1, query.terms());
    for (name, column) in uses {
        let used = index.get(name.as_str()).map(|&used| linked[used].as_ref());
        let problem = match used {
            None => {
                let nearest = nearest(name, named.iter().map(|(known, _)| *known).filter(|known| *known != named[i].0));
                Problem::UnknownWatch { name: name.clone(), nearest: nearest.map(str::to_owned) }
            }
            Some(Some(Linked { result: Ok(_), depth: below, terms: more })) => {
                depth = depth.max(below + 1);
                terms = terms.saturating_add(*more);
                if depth <= MAX_WATCH_DEPTH && terms <= MAX_LINKED_TERMS {
                    continue;
                }
                Problem::WatchTooLarge { name: name.clone() }
            }
            Some(_) => Problem::BrokenWatch { name: name.clone() },
        };
        errors.push(QueryError { column: *column, word: name.clone(), problem, fix: None });
    }
    if !errors.is_empty() {
        return Linked { result: Err(errors), depth, terms };
    }
    let of = |name: &str| {
        let used = linked[*index.get(name)?].as_ref()?.result.as_ref().ok()?;
        used.inner.node.clone()
    };
    let node = compile(&query.inner.expr, &of).map(Arc::new);
    let result = Query { inner: Arc::new(Inner { expr: query.inner.expr.clone(), archive: query.inner.archive, node }) };
    Linked { result: Ok(result), depth, terms }
}

/// Why a query that could not be linked could not: which of its watches lead back to it, which only to another cycle.
fn cycle_errors(i: usize, uses: &[Vec<(String, usize)>], index: &HashMap<&str, usize>, settled: &[bool]) -> Vec<QueryError> {
    let leads_back = |from: usize| {
        let mut seen = HashSet::from([from]);
        let mut queue = vec![from];
        while let Some(at) = queue.pop() {
            if at == i {
                return true;
            }
            queue.extend(uses[at].iter().filter_map(|(name, _)| index.get(name.as_str()).copied()).filter(|next| seen.insert(*next)));
        }
        false
    };
    let fine = |name: &str| index.get(name).is_some_and(|&used| settled[used]);
    let errors = uses[i].iter().filter(|(name, _)| !fine(name)).map(|(name, column)| {
        let problem = match index.get(name.as_str()) {
            None => Problem::UnknownWatch { name: name.clone(), nearest: None },
            Some(&used) if leads_back(used) => Problem::CyclicWatch { name: name.clone() },
            Some(_) => Problem::BrokenWatch { name: name.clone() },
        };
        QueryError { column: *column, word: name.clone(), problem, fix: None }
    });
    errors.collect()
}
