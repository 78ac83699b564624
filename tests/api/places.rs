//! Places with their fences, clients, and what is near.

use serde_json::{Value, json};

use zamu::auth::policy::Role;
use zamu::auth::viewer::Viewer;

use crate::support::people::Person;
use crate::support::{Answer, Caller, TestApp};

/// An organization with somebody of each kind, and a stranger who owns another one.
struct Cast {
    app: TestApp,
    admin: Person,
    worker: Person,
    technician: Person,
    patient: Person,
    stranger: Person,
}

async fn cast() -> Cast {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let technician = app
        .person(&acme.owner, "acme", "technician", Role::Technician, None)
        .await;
    let patient = app
        .person(&acme.owner, "acme", "patient", Role::Patient, None)
        .await;
    let stranger = app.organization("other").await.owner;
    Cast {
        app,
        admin: acme.admin,
        worker: acme.worker,
        technician,
        patient,
        stranger,
    }
}

const KISUMU: (f64, f64) = (-0.0917, 34.7680);

async fn create(admin: &Caller, input: Value) -> String {
    let answer = admin
        .run("places/create_place", json!({ "input": input }))
        .await;
    answer.text("/createPlace/id")
}

async fn create_client(admin: &Caller, input: Value) -> String {
    let answer = admin
        .run("places/create_client", json!({ "input": input }))
        .await;
    answer.text("/createClient/id")
}

/// Code and field of a refusal.
fn refusal(answer: &Answer) -> (&str, &str) {
    (answer.code(), answer.field())
}

fn invalid(field: &str) -> (&str, &str) {
    ("INVALID_INPUT", field)
}

fn not_found(field: &str) -> (&str, &str) {
    ("NOT_FOUND", field)
}

fn message(answer: &Answer) -> &str {
    answer.0["errors"][0]["message"]
        .as_str()
        .unwrap_or_default()
}

fn at((latitude, longitude): (f64, f64)) -> Value {
    json!({ "latitude": latitude, "longitude": longitude })
}

fn square() -> Value {
    let ring = json!([
        [34.76, -0.10],
        [34.77, -0.10],
        [34.77, -0.09],
        [34.76, -0.09],
        [34.76, -0.10]
    ]);
    json!({ "type": "Polygon", "coordinates": [ring] })
}

fn names(answer: &Answer, list: &str, name: &str) -> Vec<String> {
    let rows = answer.data(list).as_array().unwrap();
    rows.iter()
        .map(|row| row.pointer(name).unwrap().as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_place_is_created_read_and_listed() {
    let cast = cast().await;
    let input = json!({
        "name": " Kisumu clinic ", "address": "Oginga Odinga Street", "position": at(KISUMU), "radiusM": 150,
        "externalRef": "KSM-1",
    });
    let id = create(&cast.admin, input).await;
    let place = cast.worker.run("places/place", json!({ "id": id })).await;
    let place = place.data("/place");
    assert_eq!(place["name"], "Kisumu clinic");
    assert_eq!(place["address"], "Oginga Odinga Street");
    assert_eq!(place["position"], at(KISUMU));
    assert_eq!(place["radiusM"], 150);
    assert_eq!(place["fenceKind"], "CIRCLE");
    assert_eq!(place["timeZone"], "Africa/Nairobi");
    assert_eq!(place["polygon"], Value::Null);
    let again = json!({ "input": { "name": "Other", "externalRef": "KSM-1" } });
    let again = cast.admin.run("places/create_place", again).await;
    assert_eq!(refusal(&again), ("CONFLICT", "externalRef"));
}

#[tokio::test]
async fn a_change_of_a_place_is_audited_once() {
    let cast = cast().await;
    let viewer = cast.app.viewer(&cast.admin).await;
    let before = audited(&cast.app, &viewer).await;
    let id = create(&cast.admin, json!({ "name": "Clinic" })).await;
    let rename = json!({ "input": { "place": id, "name": "Hospital" } });
    cast.admin
        .run("places/update_place", rename)
        .await
        .data("/updatePlace/id");
    let archive = json!({ "input": { "place": id } });
    cast.admin
        .run("places/archive_place", archive.clone())
        .await
        .data("/archivePlace/id");
    cast.admin
        .run("places/archive_place", archive)
        .await
        .data("/archivePlace/id");
    assert_eq!(audited(&cast.app, &viewer).await - before, 3);
}

/// How many changes of places the audit log has.
async fn audited(app: &TestApp, viewer: &Viewer) -> usize {
    app.drain().await;
    let entries = zamu::audit::service::list(&app.app, viewer, None, 100)
        .await
        .unwrap();
    entries
        .iter()
        .filter(|entry| entry.action == "MANAGE_PLACES")
        .count()
}

#[tokio::test]
async fn a_polygon_goes_in_and_comes_out() {
    let cast = cast().await;
    let feature = json!({ "type": "Feature", "properties": {}, "geometry": square() });
    let input = json!({ "name": "Campus", "polygon": feature, "radiusM": 5, "timeZone": "America/New_York" });
    let id = create(&cast.admin, input).await;
    let place = cast.worker.run("places/place", json!({ "id": id })).await;
    assert_eq!(place.data("/place/polygon"), &square());
    assert_eq!(place.data("/place/fenceKind"), "POLYGON");
    assert_eq!(place.data("/place/timeZone"), "America/New_York");
    let latitude = place.data("/place/position/latitude").as_f64().unwrap();
    assert!(
        (latitude + 0.095).abs() < 1e-9,
        "the pin stands in the middle: {latitude}"
    );
}

#[tokio::test]
async fn an_invalid_polygon_is_refused_with_the_reason() {
    let cast = cast().await;
    let ring = |ring: Value| json!({ "type": "Polygon", "coordinates": [ring] });
    let long: Vec<_> = (0..501).map(|step| [f64::from(step) * 1e-6, 0.0]).collect();
    for (polygon, reason) in [
        (json!("somewhere"), "Polygon"),
        (
            json!({ "type": "Point", "coordinates": [34.7, -0.1] }),
            "Polygon",
        ),
        (json!({ "type": "Polygon" }), "coordinates"),
        (
            json!({ "type": "Polygon", "coordinates": [] }),
            "outer ring",
        ),
        (
            ring(json!([[34.7, -0.1], [34.8, -0.1], [34.7, -0.1]])),
            "at least 4",
        ),
        (
            ring(json!([
                [34.7, -0.1],
                [34.71, -0.1],
                [34.71, -0.09],
                [34.7, -0.09]
            ])),
            "not closed",
        ),
        (
            ring(json!([
                [34.7, -0.1],
                [34.71, -0.09],
                [34.71, -0.1],
                [34.7, -0.09],
                [34.7, -0.1]
            ])),
            "not valid",
        ),
        (
            ring(json!([
                [-0.1, 134.7],
                [-0.1, 134.8],
                [-0.2, 134.8],
                [-0.1, 134.7]
            ])),
            "longitude, latitude",
        ),
        (ring(json!([[0, 0], [9, 0], [9, 9], [0, 0]])), "across"),
        (ring(json!(long)), "at most 500"),
    ] {
        let input = json!({ "name": "X", "polygon": polygon });
        let answer = cast
            .admin
            .run("places/create_place", json!({ "input": input }))
            .await;
        assert_eq!(
            refusal(&answer),
            ("INVALID_POLYGON", "polygon"),
            "{polygon}"
        );
        assert!(
            message(&answer).contains(reason),
            "{}: {polygon}",
            message(&answer)
        );
    }
}

#[tokio::test]
async fn wrong_values_name_their_field() {
    let cast = cast().await;
    let long = "x".repeat(100_000);
    for (input, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": long }), "name"),
        (json!({ "name": "a\u{0}b" }), "name"),
        (json!({ "name": "X", "address": long }), "address"),
        (json!({ "name": "X", "externalRef": long }), "externalRef"),
        (
            json!({ "name": "X", "position": at((90.1, 0.0)) }),
            "position.latitude",
        ),
        (
            json!({ "name": "X", "position": at((0.0, -180.1)) }),
            "position.longitude",
        ),
        (
            json!({ "name": "X", "position": at((1e300, 0.0)) }),
            "position.latitude",
        ),
        (json!({ "name": "X", "radiusM": 19 }), "radiusM"),
        (json!({ "name": "X", "radiusM": 5001 }), "radiusM"),
        (
            json!({ "name": "X", "radiusM": -1, "polygon": square() }),
            "radiusM",
        ),
        (json!({ "name": "X", "timeZone": "Nairobi" }), "timeZone"),
        (json!({ "name": "X", "timeZone": "" }), "timeZone"),
    ] {
        let answer = cast
            .admin
            .run("places/create_place", json!({ "input": input }))
            .await;
        assert_eq!(refusal(&answer), invalid(field));
    }
    let infinite =
        "{ nearbyPlaces(position: {latitude: 1e400, longitude: 0}, withinM: 5) { distanceM } }";
    let answer = cast.admin.query(infinite, json!({})).await;
    assert_eq!(
        answer.code(),
        "GRAPHQL_PARSE_FAILED",
        "no number is that large"
    );
}

#[tokio::test]
async fn an_update_keeps_what_is_absent_and_clears_what_is_null() {
    let cast = cast().await;
    let input =
        json!({ "name": "Clinic", "address": "Here", "position": at(KISUMU), "radiusM": 150 });
    let id = create(&cast.admin, input).await;
    let update = |mut change: Value| {
        change["place"] = json!(id);
        cast.admin
            .run("places/update_place", json!({ "input": change }))
    };
    let renamed = update(json!({ "name": "Hospital" })).await;
    assert_eq!(renamed.data("/updatePlace/address"), "Here");
    assert_eq!(renamed.data("/updatePlace/name"), "Hospital");
    let cleared = update(json!({ "address": null, "radiusM": null })).await;
    assert_eq!(cleared.data("/updatePlace/address"), &Value::Null);
    assert_eq!(cleared.data("/updatePlace/radiusM"), &Value::Null);
    assert_eq!(cleared.data("/updatePlace/fenceKind"), "CIRCLE");
    let shaped = update(json!({ "polygon": square(), "timeZone": "Africa/Kampala" })).await;
    assert_eq!(shaped.data("/updatePlace/fenceKind"), "POLYGON");
    assert_eq!(shaped.data("/updatePlace/position"), &at(KISUMU));
    let round = update(json!({ "polygon": null, "position": null })).await;
    assert_eq!(round.data("/updatePlace/fenceKind"), "NONE");
    assert_eq!(round.data("/updatePlace/timeZone"), "Africa/Kampala");
    assert_eq!(
        refusal(&update(json!({ "name": null })).await),
        invalid("name")
    );
    assert_eq!(
        refusal(&update(json!({ "timeZone": null })).await),
        invalid("timeZone")
    );
    assert_eq!(
        refusal(&update(json!({ "position": at((0.0, 181.0)) })).await),
        invalid("position.longitude")
    );
    let read = cast.worker.run("places/place", json!({ "id": id })).await;
    assert_eq!(read.data("/place"), round.data("/updatePlace"));
}

#[tokio::test]
async fn an_archived_place_is_kept_but_not_used() {
    let cast = cast().await;
    let id = create(
        &cast.admin,
        json!({ "name": "Old branch", "position": at(KISUMU) }),
    )
    .await;
    let archive = json!({ "input": { "place": id } });
    let first = cast
        .admin
        .run("places/archive_place", archive.clone())
        .await;
    let second = cast.admin.run("places/archive_place", archive).await;
    assert_eq!(
        first.data("/archivePlace/archivedAt"),
        second.data("/archivePlace/archivedAt")
    );
    assert!(first.data("/archivePlace/archivedAt").is_string());
    assert_eq!(
        names(
            &cast.worker.run("places/places", json!({})).await,
            "/places/edges",
            "/node/name"
        )
        .len(),
        0
    );
    let archived = cast
        .worker
        .run("places/places", json!({ "archived": true }))
        .await;
    assert_eq!(
        names(&archived, "/places/edges", "/node/name"),
        ["Old branch"]
    );
    let near = json!({ "position": at(KISUMU), "withinM": 10 });
    assert_eq!(
        cast.worker
            .run("places/nearby_places", near)
            .await
            .data("/nearbyPlaces"),
        &json!([])
    );
    let update = json!({ "input": { "place": id, "name": "New" } });
    assert_eq!(
        cast.admin.run("places/update_place", update).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(
        cast.worker
            .run("places/place", json!({ "id": id }))
            .await
            .data("/place/name"),
        "Old branch"
    );
}

#[tokio::test]
async fn places_come_in_pages_and_are_found_by_name() {
    let cast = cast().await;
    for name in ["Alpha", "Beta 100%", "Gamma_1", "Ärztehaus", "alphabet"] {
        create(&cast.admin, json!({ "name": name })).await;
    }
    for longest in ["places/places", "places/clients"] {
        let page = cast.worker.run(longest, json!({ "first": 100 })).await;
        assert!(page.ok(), "the longest page is affordable: {:#}", page.0);
    }
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = cast
            .worker
            .run("places/places", json!({ "first": 2, "after": after }))
            .await;
        seen.extend(names(&page, "/places/edges", "/node/name"));
        if page.data("/places/pageInfo/hasNextPage") == false {
            break;
        }
        after = page.data("/places/pageInfo/endCursor").clone();
    }
    assert_eq!(
        seen,
        ["alphabet", "Ärztehaus", "Gamma_1", "Beta 100%", "Alpha"]
    );
    for (search, found) in [
        ("ALPHA", vec!["alphabet", "Alpha"]),
        ("0%", vec!["Beta 100%"]),
        ("%", vec!["Beta 100%"]),
        ("a_1", vec!["Gamma_1"]),
        ("Ärzte", vec!["Ärztehaus"]),
        ("\\", vec![]),
        (
            " ",
            vec!["alphabet", "Ärztehaus", "Gamma_1", "Beta 100%", "Alpha"],
        ),
    ] {
        let page = cast
            .worker
            .run("places/places", json!({ "search": search }))
            .await;
        assert_eq!(
            names(&page, "/places/edges", "/node/name"),
            found,
            "{search}"
        );
    }
    let long = cast
        .worker
        .run("places/places", json!({ "search": "x".repeat(101) }))
        .await;
    assert_eq!(refusal(&long), invalid("search"));
    assert_eq!(
        refusal(
            &cast
                .worker
                .run("places/places", json!({ "first": 0 }))
                .await
        ),
        invalid("first")
    );
    assert_eq!(
        cast.worker
            .run("places/places", json!({ "after": "zzz" }))
            .await
            .code(),
        "INVALID_CURSOR"
    );
}

#[tokio::test]
async fn what_is_near_comes_nearest_first() {
    let cast = cast().await;
    for (name, position) in [
        ("Far", (-0.2, 34.9)),
        ("Near", (-0.0920, 34.7680)),
        ("Here", KISUMU),
        ("Fiji", (-17.0, 179.999)),
        ("Across the date line", (-17.0, -179.999)),
        ("Pole", (90.0, 0.0)),
        ("Beside the pole", (89.99, 120.0)),
    ] {
        create(
            &cast.admin,
            json!({ "name": name, "position": at(position) }),
        )
        .await;
    }
    create(&cast.admin, json!({ "name": "Nowhere" })).await;
    for (position, within_m, found) in [
        (KISUMU, 1_000.0, vec!["Here", "Near"]),
        (KISUMU, 50_000.0, vec!["Here", "Near", "Far"]),
        ((-17.0, -180.0), 500.0, vec!["Across the date line", "Fiji"]),
        (
            (-17.0, 179.9985),
            500.0,
            vec!["Fiji", "Across the date line"],
        ),
        ((89.99, -60.0), 3_000.0, vec!["Pole", "Beside the pole"]),
    ] {
        let near = json!({ "position": at(position), "withinM": within_m });
        let answer = cast.worker.run("places/nearby_places", near).await;
        let mut names = names(&answer, "/nearbyPlaces", "/place/name");
        let mut wanted = found.clone();
        if position == (-17.0, -180.0) {
            // Both are equally far.
            names.sort();
            wanted.sort_unstable();
        }
        assert_eq!(names, wanted, "{position:?}");
    }
    let near = json!({ "position": at(KISUMU), "withinM": 50_000, "first": 1 });
    let answer = cast.worker.run("places/nearby_places", near).await;
    assert_eq!(names(&answer, "/nearbyPlaces", "/place/name"), ["Here"]);
    assert_eq!(answer.data("/nearbyPlaces/0/distanceM"), 0.0);
    for (change, field) in [
        (json!({ "withinM": 50_001 }), "withinM"),
        (json!({ "withinM": 0 }), "withinM"),
        (json!({ "withinM": -5 }), "withinM"),
        (json!({ "withinM": 5, "first": 101 }), "first"),
        (
            json!({ "withinM": 5, "position": at((91.0, 0.0)) }),
            "position.latitude",
        ),
    ] {
        let mut near = json!({ "position": at(KISUMU) });
        near.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        for operation in ["places/nearby_places", "places/nearby_clients"] {
            assert_eq!(
                refusal(&cast.worker.run(operation, near.clone()).await),
                invalid(field)
            );
        }
    }
}

#[tokio::test]
async fn a_client_is_served_at_places() {
    let cast = cast().await;
    let home = create(
        &cast.admin,
        json!({ "name": "Home", "position": at(KISUMU) }),
    )
    .await;
    let farm = create(
        &cast.admin,
        json!({ "name": "Farm", "position": at((-0.1, 34.8)) }),
    )
    .await;
    let input = json!({ "name": "Mama Atieno", "phone": "0712 345 678", "notes": "Ring twice", "places": [home] });
    let id = create_client(&cast.admin, input).await;
    let add = json!({ "input": { "client": id, "place": farm, "label": "the farm" } });
    let added = cast.admin.run("places/add_client_place", add).await;
    assert_eq!(
        names(&added, "/addClientPlace/places", "/place/name"),
        ["Home", "Farm"]
    );
    let relabel = json!({ "input": { "client": id, "place": home, "label": "home" } });
    cast.admin
        .run("places/add_client_place", relabel)
        .await
        .data("/addClientPlace/id");

    let client = cast.worker.run("places/client", json!({ "id": id })).await;
    assert_eq!(client.data("/client/phone"), "+254712345678");
    assert_eq!(client.data("/client/notes"), "Ring twice");
    assert_eq!(
        names(&client, "/client/places", "/label"),
        ["home", "the farm"]
    );

    // Two places near, one answer, by the nearer.
    let near = json!({ "position": at(KISUMU), "withinM": 20_000 });
    let near = cast.worker.run("places/nearby_clients", near).await;
    assert_eq!(
        names(&near, "/nearbyClients", "/client/name"),
        ["Mama Atieno"]
    );
    assert_eq!(near.data("/nearbyClients/0/distanceM"), 0.0);

    let remove = json!({ "input": { "client": id, "place": home } });
    let removed = cast
        .admin
        .run("places/remove_client_place", remove.clone())
        .await;
    assert_eq!(
        names(&removed, "/removeClientPlace/places", "/place/name"),
        ["Farm"]
    );
    assert_eq!(
        refusal(&cast.admin.run("places/remove_client_place", remove).await),
        not_found("place")
    );
    cast.admin
        .run(
            "places/archive_place",
            json!({ "input": { "place": farm } }),
        )
        .await
        .data("/archivePlace/id");
    let client = cast.worker.run("places/client", json!({ "id": id })).await;
    assert_eq!(client.data("/client/places"), &json!([]));
}

#[tokio::test]
async fn a_client_is_changed_and_archived() {
    let cast = cast().await;
    let input = json!({ "name": "Baba Otieno", "phone": "0712345678", "notes": "Dog" });
    let id = create_client(&cast.admin, input).await;
    let change = json!({ "input": { "client": id, "phone": null, "name": "Mzee Otieno" } });
    let changed = cast.admin.run("places/update_client", change).await;
    assert_eq!(changed.data("/updateClient/phone"), &Value::Null);
    assert_eq!(changed.data("/updateClient/notes"), "Dog");
    let member = json!(cast.patient.member);
    let signs_in = json!({ "input": { "client": id, "member": member } });
    let signs_in = cast.admin.run("places/update_client", signs_in).await;
    assert_eq!(signs_in.data("/updateClient/member/id"), &member);
    let unseen = cast.worker.run("places/client", json!({ "id": id })).await;
    assert_eq!(unseen.data("/client/member"), &Value::Null);
    let found = cast
        .worker
        .run("places/clients", json!({ "search": "mzee" }))
        .await;
    assert_eq!(
        names(&found, "/clients/edges", "/node/name"),
        ["Mzee Otieno"]
    );
    let archived = cast
        .admin
        .run(
            "places/archive_client",
            json!({ "input": { "client": id } }),
        )
        .await;
    assert!(archived.data("/archiveClient/archivedAt").is_string());
    assert_eq!(
        cast.worker
            .run("places/clients", json!({}))
            .await
            .data("/clients/edges"),
        &json!([])
    );
    let again = json!({ "input": { "client": id, "name": "X" } });
    assert_eq!(
        cast.admin.run("places/update_client", again).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(
        cast.worker
            .run("places/client", json!({ "id": id }))
            .await
            .data("/client/name"),
        "Mzee Otieno"
    );
}

#[tokio::test]
async fn wrong_values_of_a_client_name_their_field() {
    let cast = cast().await;
    let place = create(&cast.admin, json!({ "name": "Home" })).await;
    let nobody = "mbr_0190f1c2000070008000000000000000";
    let nowhere = "plc_0190f1c2000070008000000000000000";
    let foreign = create(&cast.stranger, json!({ "name": "Theirs" })).await;
    for (input, wanted) in [
        (json!({ "name": " " }), invalid("name")),
        (json!({ "name": "X", "phone": "12" }), invalid("phone")),
        (
            json!({ "name": "X", "phone": "9".repeat(1_000) }),
            invalid("phone"),
        ),
        (
            json!({ "name": "X", "notes": "x".repeat(2_001) }),
            invalid("notes"),
        ),
        (json!({ "name": "X", "member": place }), invalid("member")),
        (
            json!({ "name": "X", "member": nobody }),
            not_found("member"),
        ),
        (
            json!({ "name": "X", "places": [nobody] }),
            invalid("places"),
        ),
        (
            json!({ "name": "X", "places": [place, nowhere] }),
            not_found("places"),
        ),
        (
            json!({ "name": "X", "places": [foreign] }),
            not_found("places"),
        ),
        (
            json!({ "name": "X", "places": vec![place.clone(); 51] }),
            invalid("places"),
        ),
    ] {
        let answer = cast
            .admin
            .run("places/create_client", json!({ "input": input }))
            .await;
        assert_eq!(refusal(&answer), wanted, "{input}");
    }
    assert_eq!(
        cast.worker
            .run("places/clients", json!({}))
            .await
            .data("/clients/edges"),
        &json!([])
    );
    let id = create_client(&cast.admin, json!({ "name": "X" })).await;
    for (input, wanted) in [
        (
            json!({ "client": id, "place": nowhere }),
            not_found("place"),
        ),
        (
            json!({ "client": id, "place": foreign }),
            not_found("place"),
        ),
        (
            json!({ "client": place, "place": place }),
            invalid("client"),
        ),
        (
            json!({ "client": id, "place": place, "label": "x".repeat(101) }),
            invalid("label"),
        ),
    ] {
        let answer = cast
            .admin
            .run("places/add_client_place", json!({ "input": input }))
            .await;
        assert_eq!(refusal(&answer), wanted, "{input}");
    }
}

#[tokio::test]
async fn roles_and_organizations_are_kept_apart() {
    let cast = cast().await;
    let place = create(
        &cast.admin,
        json!({ "name": "Clinic", "position": at(KISUMU) }),
    )
    .await;
    let client = create_client(&cast.admin, json!({ "name": "Mama", "places": [place] })).await;
    let refused = cast
        .worker
        .run("places/create_place", json!({ "input": { "name": "X" } }))
        .await;
    assert_eq!(refused.code(), "FORBIDDEN");
    assert_eq!(
        cast.worker
            .run("places/create_client", json!({ "input": { "name": "X" } }))
            .await
            .code(),
        "FORBIDDEN"
    );
    assert_eq!(
        cast.patient
            .run("places/place", json!({ "id": place }))
            .await
            .code(),
        "FORBIDDEN"
    );
    assert_eq!(
        cast.technician
            .run("places/place", json!({ "id": place }))
            .await
            .data("/place/name"),
        "Clinic"
    );
    assert_eq!(
        cast.technician
            .run("places/client", json!({ "id": client }))
            .await
            .code(),
        "FORBIDDEN"
    );
    let stranger = &cast.stranger;
    assert_eq!(
        stranger
            .run("places/place", json!({ "id": place }))
            .await
            .code(),
        "NOT_FOUND"
    );
    assert_eq!(
        stranger
            .run("places/client", json!({ "id": client }))
            .await
            .code(),
        "NOT_FOUND"
    );
    assert_eq!(
        refusal(&stranger.run("places/place", json!({ "id": client })).await),
        invalid("id")
    );
    for (operation, input) in [
        (
            "places/update_place",
            json!({ "place": place, "name": "Mine" }),
        ),
        ("places/archive_place", json!({ "place": place })),
        (
            "places/update_client",
            json!({ "client": client, "name": "Mine" }),
        ),
        ("places/archive_client", json!({ "client": client })),
        (
            "places/add_client_place",
            json!({ "client": client, "place": place }),
        ),
        (
            "places/remove_client_place",
            json!({ "client": client, "place": place }),
        ),
    ] {
        assert_eq!(
            stranger
                .run(operation, json!({ "input": input }))
                .await
                .code(),
            "NOT_FOUND",
            "{operation}"
        );
    }
    let near = json!({ "position": at(KISUMU), "withinM": 50_000 });
    assert_eq!(
        stranger
            .run("places/nearby_places", near.clone())
            .await
            .data("/nearbyPlaces"),
        &json!([])
    );
    assert_eq!(
        stranger
            .run("places/nearby_clients", near)
            .await
            .data("/nearbyClients"),
        &json!([])
    );
    assert_eq!(
        cast.worker
            .run("places/place", json!({ "id": place }))
            .await
            .data("/place/name"),
        "Clinic"
    );
}
