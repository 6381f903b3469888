//! What the grammar lets pass and the meaning does not: negations without company (QUERY.md S16), archive fields in the wrong place.

use super::ast::{Column, Expr};
use super::error::{NegativePlace, Problem, QueryError};
use super::print::print;

pub(super) fn check(expr: &Expr, errors: &mut Vec<QueryError>) {
    positive(expr, NegativePlace::Whole, errors);
    archive_fields(expr, true, errors);
}

/// Reports `expr` if it holds nothing positive, and everything below it that does not where it must.
fn positive(expr: &Expr, place: NegativePlace, errors: &mut Vec<QueryError>) {
    match expr {
        Expr::Not(inner, column) => {
            report(expr, *column, place, errors);
            positive(inner, NegativePlace::Negation, errors);
        }
        Expr::And(parts) => {
            let mut negations = Vec::new();
            for part in parts {
                match part {
                    Expr::Not(inner, column) => {
                        negations.push((part, *column));
                        positive(inner, NegativePlace::Negation, errors);
                    }
                    // Only terms, groups and the like are left: parts of a flat AND are no ANDs.
                    _ => positive(part, place, errors),
                }
            }
            if negations.len() == parts.len()
                && let Some(&(negation, column)) = negations.first()
            {
                report(negation, column, place, errors);
            }
        }
        Expr::Or(branches) => branches.iter().for_each(|branch| positive(branch, NegativePlace::OrBranch, errors)),
        Expr::AtLeast { members, .. } => members.iter().for_each(|member| positive(member, NegativePlace::Member, errors)),
        Expr::Term(_) | Expr::Near(_) | Expr::Count { .. } | Expr::Field { .. } | Expr::Broken => {}
    }
}

fn report(negation: &Expr, Column(column): Column, place: NegativePlace, errors: &mut Vec<QueryError>) {
    let Expr::Not(inner, _) = negation else { return };
    // A negation of something broken has its error already, and printing it would show nothing.
    let fix = match (place, &**inner) {
        (NegativePlace::Negation, Expr::Term(_) | Expr::Field { .. }) => Some(print(inner, false)),
        _ => None,
    };
    errors.push(QueryError { column, word: "NOT".to_owned(), problem: Problem::NothingPositive(place), fix });
}

fn archive_fields(expr: &Expr, top: bool, errors: &mut Vec<QueryError>) {
    match expr {
        Expr::Field { name, column, .. } if name.is_archive() && !top => {
            let problem = Problem::ArchiveNotAtTop { field: *name };
            errors.push(QueryError { column: column.0, word: name.name().to_owned(), problem, fix: None });
        }
        Expr::And(parts) => parts.iter().for_each(|part| archive_fields(part, top, errors)),
        Expr::Not(inner, _) => archive_fields(inner, top && matches!(**inner, Expr::Field { .. }), errors),
        Expr::Or(parts) | Expr::AtLeast { members: parts, .. } => parts.iter().for_each(|part| archive_fields(part, false, errors)),
        _ => {}
    }
}
