//! Contacts over HTTP: found, entered, changed; addresses that belong to one only; other workspaces' people do not exist.

mod support;

use domain::accounts::BuiltinRole;
use http::StatusCode;
use support::TestApp;
use testkit::db_test;

db_test! {
    async fn a_contact_is_entered_found_despite_a_wrong_letter_and_changed(db: Db) {
        let house = TestApp::on(&db);
        let owner = house.user("miriam@firma.example", "Miriam Koch").await;
        house.workspace("nordwind", "Nordwind", owner).await;
        let owner = house.as_user(owner).await;
        let empty = owner.get("/nordwind/customers").await;
        empty.assert_sound();
        assert!(empty.text(".empty").contains("Noch kein Kontakt"));
        owner.get("/nordwind/customers/new").await.assert_sound();
        let wrong = owner.post("/nordwind/customers/new", &[("name", ""), ("mail", "x")]).await;
        wrong.assert_sound();
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!wrong.text("#name-error").is_empty());
        let made = owner.post("/nordwind/customers/new", &[("name", "Sabine Wirth"), ("company", "Wirth Steuerberatung"), ("mail", "s.wirth@wirth.example")]).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text("main"));
        let place = made.location().split('?').next().unwrap().to_string();
        let page = owner.get(made.location()).await;
        page.assert_sound();
        assert!(page.text("h1") == "Sabine Wirth" && page.text(".facts").contains("s.wirth@wirth.example") && page.text(".toast").contains("angelegt"));
        for q in ["sabbine", "wirth", "s.wirth%40w", "Sabin"] {
            assert!(owner.get(&format!("/nordwind/customers?q={q}")).await.text("tbody").contains("Sabine Wirth"), "{q}");
        }
        let nobody = owner.get("/nordwind/customers?q=schmidt").await;
        nobody.assert_sound();
        assert!(nobody.text("main").contains("Niemand gefunden"));
        let double = owner.post("/nordwind/customers/new", &[("name", "Zweite"), ("mail", "S.Wirth@wirth.example")]).await;
        double.assert_sound();
        assert!(double.text("#mail-error").contains("anderen Kontakt"));
        let edit = owner.get(&format!("{place}/edit")).await;
        edit.assert_sound();
        let bad = owner.post(&format!("{place}/addresses"), &[("kind", "phone"), ("value", "ruf mich an")]).await;
        bad.assert_sound();
        assert!(!bad.text("#address-error").is_empty());
        assert_eq!(owner.post(&format!("{place}/addresses"), &[("kind", "phone"), ("value", "0421 5550-142")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(owner.post(&format!("{place}/edit"), &[("name", "Sabine Wirth-Koch"), ("note", "ruft lieber an")]).await.status, StatusCode::SEE_OTHER);
        let page = owner.get(&place).await;
        assert!(page.text("h1").contains("Wirth-Koch") && page.text(".facts").contains("0421 5550-142") && page.text(".facts").contains("ruft lieber an"));
        let remove = edit.attribute("form[action$='/remove']", "action").unwrap();
        assert_eq!(owner.post(&remove, &[]).await.status, StatusCode::SEE_OTHER);
        assert!(!owner.get(&place).await.text(".facts").contains("s.wirth@wirth.example"));
    }

    async fn a_viewer_reads_and_strangers_find_nothing(db: Db) {
        let house = TestApp::on(&db);
        let owner = house.user("miriam@firma.example", "Miriam Koch").await;
        let ws = house.workspace("nordwind", "Nordwind", owner).await;
        let viewer = house.user("tom@firma.example", "Tom Sand").await;
        house.join(ws, viewer, BuiltinRole::Viewer).await;
        let stranger = house.user("eva@andere.example", "Eva Lang").await;
        house.workspace("andere", "Andere", stranger).await;
        let (owner, viewer, stranger) = (house.as_user(owner).await, house.as_user(viewer).await, house.as_user(stranger).await);
        let made = owner.post("/nordwind/customers/new", &[("name", "Sabine Wirth")]).await;
        let place = made.location().split('?').next().unwrap().to_string();
        assert_eq!(viewer.get(&place).await.status, StatusCode::OK);
        assert_eq!(viewer.get(&format!("{place}/edit")).await.status, StatusCode::FORBIDDEN);
        assert_eq!(viewer.post("/nordwind/customers/new", &[("name", "X")]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(stranger.get(&place).await.status, StatusCode::NOT_FOUND);
        assert_eq!(stranger.get(&place.replace("nordwind", "andere")).await.status, StatusCode::NOT_FOUND);
    }
}
