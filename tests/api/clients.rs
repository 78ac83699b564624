//! Clients as checklists of electronic visit verification want them: several addresses, several numbers, several people
//! to call, newborns.

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn a_client_has_several_numbers_addresses_and_people_to_call() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let mut places = Vec::new();
    for (latitude, name) in [
        (-0.1, "Home"),
        (-0.11, "Mother's house"),
        (-0.12, "Day centre"),
    ] {
        let position = json!({"latitude": latitude, "longitude": 34.7});
        let input = json!({"input": {"name": name, "position": position}});
        let place = acme.owner.run("places/create_place", input).await;
        places.push(place.text("/createPlace/id"));
    }
    let input = json!({"input": {
        "name": "Baby Otieno", "phone": "0712 345 678", "isNewborn": true, "places": places,
        "otherPhones": ["+254 712 345 678", "020 2222222", "0733000111"],
    }});
    let made = acme.supervisor.run("places/create_client", input).await;
    let client = made.text("/createClient/id");
    assert_eq!(
        made.data("/createClient/places").as_array().unwrap().len(),
        3
    );
    let contacts = json!([
        {"name": "Achieng", "phone": "0712000111", "relation": "mother"},
        {"name": "Okoth", "phone": "0712000222"},
    ]);
    let set = |contacts: Value| json!({"input": {"client": client, "contacts": contacts}});
    let kept = acme
        .supervisor
        .run("places/set_client_contacts", set(contacts.clone()))
        .await;
    assert!(kept.ok(), "{:#}", kept.0);

    let seen = acme
        .worker
        .run("places/client", json!({"id": client}))
        .await;
    assert_eq!(
        seen.data("/client/otherPhones"),
        &json!(["+254202222222", "+254733000111"]),
        "each number once"
    );
    assert_eq!(seen.data("/client/isNewborn"), true);
    assert_eq!(
        seen.data("/client/emergencyContacts/0/phone"),
        "+254712000111"
    );
    assert_eq!(seen.data("/client/emergencyContacts/1/name"), "Okoth");

    let grown = json!({"input": {"client": client, "isNewborn": false, "otherPhones": []}});
    let grown = acme.admin.run("places/update_client", grown).await;
    assert_eq!(grown.data("/updateClient/isNewborn"), false);
    assert_eq!(grown.data("/updateClient/otherPhones"), &json!([]));
    assert_eq!(grown.data("/updateClient/phone"), "+254712345678");
}

#[tokio::test]
async fn contacts_of_clients_are_checked_and_for_those_who_may() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let input = json!({"input": {"name": "Mama Atieno"}});
    let made = acme.admin.run("places/create_client", input).await;
    let client = made.text("/createClient/id");
    let set = |contacts: Value| json!({"input": {"client": client, "contacts": contacts}});
    let one = json!({"name": "Amani", "phone": "0712345678"});
    let path = "places/set_client_contacts";
    let no = acme.worker.run(path, set(json!([one]))).await;
    assert_eq!(no.code(), "FORBIDDEN");
    let bad = json!([{"name": "Amani", "phone": "12"}]);
    let bad = acme.admin.run(path, set(bad)).await;
    assert_eq!(bad.field(), "contacts.phone");
    let many = acme.admin.run(path, set(json!(vec![one; 11]))).await;
    assert_eq!(many.field(), "contacts");
    let numbers = json!({"input": {"client": client, "otherPhones": ["x"]}});
    let bad = acme.admin.run("places/update_client", numbers).await;
    assert_eq!(bad.field(), "otherPhones");
}
