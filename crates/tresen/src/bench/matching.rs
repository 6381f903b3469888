//! How many posts a second the matcher asks of how many searches, beside asking every search of every post.

use std::time::Instant;

use anyhow::{Result, anyhow};
use matching::{Matcher, Post, Query, tokenise};

use super::words::Words;
use crate::commands;

/// Searches that name each brand.
const SEARCHES_PER_BRAND: usize = 5;
/// Posts that every search is asked about one by one; all of them would take hours.
const NAIVE_PAIRS: usize = 20_000_000;

pub fn run(sizes: &[usize], posts: usize) -> Result<()> {
    for size in sizes {
        one(*size, posts)?;
    }
    Ok(())
}

fn one(size: usize, posts: usize) -> Result<()> {
    let workload = Workload::new(size, posts);
    let before = commands::resident_mb();
    let began = Instant::now();
    let mut matcher = Matcher::new();
    for (id, search) in (0_u32..).zip(&workload.searches) {
        matcher.set(id, matching::parse(search).map_err(|wrong| anyhow!("{search}: {wrong:?}"))?);
    }
    let compile_ms = began.elapsed().as_secs_f64() * 1000.0;
    let memory_mb = commands::resident_mb() - before;

    let began = Instant::now();
    workload.posts.iter().for_each(|post| drop(std::hint::black_box(tokenise(&post.as_post()))));
    let tokenise_per_s = workload.posts.len() as f64 / began.elapsed().as_secs_f64();

    let (hits, one_thread) = timed(|| ask(&matcher, &workload.posts));
    let half = workload.posts.len() / 2;
    let (_, two_threads) = timed(|| {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| ask(&matcher, &workload.posts[half..]));
            ask(&matcher, &workload.posts[..half]) + other.join().unwrap_or_default()
        })
    });

    let queries: Vec<Query> = workload.searches.iter().filter_map(|search| matching::parse(search).ok()).collect();
    let few = &workload.posts[..(NAIVE_PAIRS / size.max(1)).clamp(1, workload.posts.len())];
    let (found, naive) = timed(|| {
        few.iter()
            .map(|post| {
                let post = tokenise(&post.as_post());
                queries.iter().filter(|query| query.matches(&post)).count()
            })
            .sum::<usize>()
    });
    if found != ask(&matcher, few) {
        return Err(anyhow!("the matcher and the searches one by one do not agree"));
    }

    let all = workload.posts.len() as f64;
    let rounded = |n: f64| (n * 10.0).round() / 10.0;
    commands::say(serde_json::json!({
        "bench": "match",
        "searches": size,
        "posts": workload.posts.len(),
        "posts_per_s": (all / one_thread).round(),
        "tokenise_per_s": tokenise_per_s.round(),
        "two_threads": (one_thread / two_threads * 100.0).round() / 100.0,
        "naive_per_s": rounded(few.len() as f64 / naive),
        "hits_per_post": hits as f64 / all,
        "compile_ms": rounded(compile_ms),
        "memory_mb": rounded(memory_mb),
    }));
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed().as_secs_f64())
}

fn ask(matcher: &Matcher<u32>, posts: &[Written]) -> usize {
    posts.iter().map(|post| matcher.matches(&tokenise(&post.as_post())).len()).sum()
}

struct Written {
    text: String,
    lang: &'static str,
}

impl Written {
    fn as_post(&self) -> Post<'_> {
        Post { text: &self.text, lang: Some(self.lang), ..Post::default() }
    }
}

/// What analysts write and what people post, in proportion: brands with their products and competitors beside common words, some broad topics;
/// four posts of five name a brand.
struct Workload {
    searches: Vec<String>,
    posts: Vec<Written>,
}

struct Brand {
    name: String,
    product: String,
}

impl Workload {
    fn new(size: usize, posts: usize) -> Self {
        let words = Words::new(11);
        let brands: Vec<Brand> =
            (0..(size / SEARCHES_PER_BRAND).max(1)).map(|n| Brand { name: words.compound(n), product: words.pair(n) }).collect();
        let searches = (0..size).map(|n| search(&words, &brands, n)).collect();
        let posts = (0..posts).map(|_| post(&words, &brands)).collect();
        Self { searches, posts }
    }
}

fn search(words: &Words, brands: &[Brand], n: usize) -> String {
    let german = words.below(10) < 7;
    let group = |n: usize| (0..n).map(|_| words.common(german).to_owned()).collect::<Vec<_>>().join(" OR ");
    let mut search = if words.below(20) == 0 {
        format!("({}) AND ({})", group(3), group(3))
    } else {
        let Brand { name, product } = &brands[n % brands.len()];
        let mut any = format!("({name} OR \"{product}\" OR #{name}");
        for _ in 0..words.below(3) {
            any.push_str(&format!(" OR {}", brands[words.below(brands.len())].name));
        }
        any.push(')');
        match words.below(3) {
            0 => {
                let many = 2 + words.below(7);
                let one = |at: usize| {
                    let word = words.common(german);
                    let begins: String = word.chars().take(4).collect();
                    if at.is_multiple_of(3) && begins.chars().count() == 4 { format!("{begins}*") } else { word.to_owned() }
                };
                format!("{any} AND ({})", (0..many).map(one).collect::<Vec<_>>().join(" OR "))
            }
            1 => format!("{any} AND ({name} NEAR/5 {})", words.common(german)),
            _ => any,
        }
    };
    if words.below(2) == 0 {
        search.push_str(&format!(" AND NOT \"{} {}\"", words.common(german), words.common(german)));
    }
    if words.below(5) == 0 {
        search.push_str(if german { " AND lang:de" } else { " AND lang:en" });
    }
    search
}

fn post(words: &Words, brands: &[Brand]) -> Written {
    let (text, german) = words.text_in(50, 300);
    let lang = if german { "de" } else { "en" };
    if words.below(5) == 0 {
        return Written { text, lang };
    }
    let Brand { name, product } = &brands[words.below(brands.len())];
    let named = match words.below(6) {
        0 => format!("#{name}"),
        1 => product.clone(),
        _ => name.clone(),
    };
    let blanks: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
    let at = if blanks.is_empty() { text.len() } else { blanks[words.below(blanks.len())] };
    Written { text: format!("{} {named}{}", &text[..at], &text[at..]), lang }
}
