//! What operators and their monitoring see.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::{StreamExt, stream};
use http::{Request, StatusCode};
use support::TestApp;
use testkit::db_test;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

fn from(peer: &str, path: &str) -> Request<Body> {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
    request
}

db_test! {
    async fn it_says_that_it_lives_and_is_ready_and_tells_its_numbers_to_this_machine_only(db: Db) {
        web::install_metrics();
        let house = TestApp::on(&db);
        let monitor = house.anonymous();
        for path in ["/healthz", "/readyz"] {
            let answer = monitor.ask(from("192.0.2.7", path)).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert_eq!(answer.headers["x-request-id"].len(), 16);
        }
        assert_eq!(monitor.ask(from("192.0.2.7", "/metrics")).await.status, StatusCode::NOT_FOUND);
        let numbers = monitor.ask(from("127.0.0.1", "/metrics")).await;
        assert_eq!(numbers.status, StatusCode::OK);
        for expected in [
            "tresen_build_info{version=",
            "tresen_jobs{state=\"failed\"} 0\n",
            "tresen_open_conversations 0\n",
            "tresen_events_position ",
            "# TYPE tresen_http_requests_total counter",
            "route=\"/readyz\"",
        ] {
            assert!(numbers.body.contains(expected), "{expected} is missing in\n{}", numbers.body);
        }
    }

    async fn it_is_not_ready_when_the_database_has_another_schema_but_it_lives(db: Db) {
        let house = TestApp::on(&db);
        let mut tx = db.write().await.unwrap();
        tx.run("UPDATE _sqlx_migrations SET version = version + 1000", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let monitor = house.anonymous();
        let answer = monitor.get("/readyz").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.body.contains("schema"), "{}", answer.body);
        assert_eq!(monitor.get("/healthz").await.status, StatusCode::OK);
    }

    async fn what_is_answered_early_is_read_to_its_end(db: Db) {
        let house = TestApp::on(&db);
        let stranger = house.anonymous();
        for (from, expected) in [("same-origin", StatusCode::SEE_OTHER), ("cross-site", StatusCode::FORBIDDEN)] {
            let read = Arc::new(AtomicUsize::new(0));
            let upload = stream::iter(0..64).map({
                let read = read.clone();
                move |_| {
                    read.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, std::io::Error>(vec![b'a'; 256 << 10])
                }
            });
            let request = Request::post("/firma/log").header("sec-fetch-site", from).body(Body::from_stream(upload)).unwrap();
            assert_eq!(stranger.ask(request).await.status, expected);
            assert_eq!(read.load(Ordering::SeqCst), 64, "{from}: who still sends would be cut off");
        }
    }

    async fn open_screens_do_not_hold_back_a_stop(db: Db) {
        let house = TestApp::on(&db);
        let anna = house.user("anna@firma.example", "Anna").await;
        house.workspace("firma", "Firma", anna).await;
        let session = house.as_user(anna).await.session.unwrap();
        let request = Request::get("/firma/live?for=inbox").header("cookie", format!("tresen_session={session}")).body(Body::empty()).unwrap();
        let mut stream = house.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
        stream.next().await.expect("it begins").unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        house.app.feed.run(house.app.db.clone(), stop).await;
        let rest = tokio::time::timeout(Duration::from_secs(10), stream.count()).await;
        rest.expect("a browser's open stream would keep the process from ending");
    }
}
