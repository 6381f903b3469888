//! What operators and their monitoring see.

mod support;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, StatusCode};
use support::TestApp;
use testkit::db_test;

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
}
