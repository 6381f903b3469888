//! One public post.

use askama::Template;
use domain::listening::posts::{self, Stored};
use i18n::Texts;
use model::{Id, kinds};

use super::icon;
use crate::error::{Reply, html};
use crate::{Page, Place, Visit};

#[derive(Template)]
#[template(path = "listen/post.html")]
struct PostPage {
    t: Texts,
    page: Page,
    post: Stored,
    icon: &'static str,
}

/// `GET /{workspace}/listen/posts/{post}`
pub async fn page(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Post>)>) -> Reply {
    let post = posts::open(&mut *visit.read().await?, &visit.seat, id).await?;
    html(&PostPage { t: visit.t(), page: visit.page("listen").await?, icon: icon(&post.channel), post })
}
