//! What people type for the same letter, the same number, the same person: all of it finds the card.

use crate::cards::{add, found, path};
use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

async fn assert_found(ada: &Actor, card: Value, sought: &[&str], not_sought: &[&str]) {
    let id = add(ada, card.clone()).await;
    for q in sought {
        assert_eq!(found(ada, &[("q", q)]).await, [id.as_str()], "{q} in {card}");
    }
    for q in not_sought {
        assert!(found(ada, &[("q", q)]).await.is_empty(), "{q} in {card}");
    }
    ada.delete(&path(&id)).await.assert_status(204);
}

#[tokio::test]
async fn h16_letters_that_keyboards_have_for_the_same_one_are_the_same() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for (name, sought) in [
        ("علي كريم", &["علی", "كريم", "کریم", "على"][..]),
        ("فاطمة الزهراء", &["فاطمه", "الزهرا", "فَاطِمَة"]),
        ("أحمد إبراهيم", &["احمد", "ابراهیم", "أحمـــد"]),
        ("محمد ۱۲۳۴", &["1234", "١٢٣٤"]),
        ("Γιώργος", &["γιωργοσ", "ΓΙΩΡΓΟΣ", "γιώργος"]),
        ("Weiß", &["weiss", "WEISS", "weiß"]),
        ("Øystein Ærø", &["oystein", "aero"]),
        ("Đặng Łukasz", &["dang", "lukasz"]),
        ("Işık İnce", &["isik", "ince", "ISIK"]),
        ("Þóra Œuvre", &["thora", "oeuvre"]),
        ("Фёдор Ґудзь", &["федор", "гудзь"]),
        ("ﾏﾂﾓﾄ", &["マツモト", "まつもと"]),
    ] {
        assert_found(&ada, json!({"first_name": name}), sought, &["zzz"]).await;
    }
}

#[tokio::test]
async fn h16_a_phone_number_is_found_in_any_spelling() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let spellings = ["+49 (0)30 123-45", "0049 30 12345", "030/12345", "+493012345", "(030) 123 45", "12345"];
    for kept in &spellings[..5] {
        assert_found(&ada, json!({"company": "A", "phone": kept}), &spellings, &["030/12346", "+49 40 12345", "99999"])
            .await;
    }
}

#[tokio::test]
async fn a11_a_profile_is_found_with_and_without_its_at_and_by_its_address() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for kept in ["@soren_k", "https://www.instagram.com/soren_k/", "Instagram: soren_k"] {
        let sought = ["@soren_k", "soren_k", "SOREN_K", "https://instagram.com/soren_k"];
        assert_found(&ada, json!({"company": "A", "social_media": kept}), &sought, &["@grace"]).await;
    }
}

#[tokio::test]
async fn h34_punctuation_and_the_spelling_of_umlauts_do_not_matter() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for (card, sought) in [
        (json!({"last_name": "O'Brien"}), &["obrien", "O’Brien", "o brien", "O-Brien"][..]),
        (json!({"last_name": "Müller"}), &["mueller", "muller", "MÜLLER", "mull"]),
        (json!({"last_name": "Mueller"}), &["müller", "muller", "mueller"]),
        (json!({"last_name": "Sørensen", "first_name": "Jean-Luc"}), &["soerensen", "jean luc", "jeanluc", "Jean-Luc"]),
        (
            json!({"last_name": "A", "spark": "Knows the Müllers, O'Brien and Zoë."}),
            &["muellers", "obrien", "zoe", "ZOË!"],
        ),
    ] {
        assert_found(&ada, card, sought, &["miller"]).await;
    }
}

#[tokio::test]
async fn h16_what_copying_adds_to_a_passphrase_does_not_count_and_the_text_stays_as_it_is() {
    let kith = Kith::shared().await;
    let text = "\u{a0} as it was \u{a0}written \n";
    for (sealed, typed) in [
        ("open sesame", " open sesame\u{a0}"),
        ("\u{a0}open\u{a0}sesame\n", "open sesame"),
        ("open\u{202f}sesame", "\topen\u{3000}sesame"),
    ] {
        let ada = kith.newcomer("ada");
        let note = ada.seal(json!({"text": text, "passphrase": sealed})).await.assert_status(201).text_at("/token");
        ada.open(&note).json(json!({"passphrase": "opensesame"})).await.assert_problem(403, "wrong-passphrase");
        let opened = ada.open(&note).json(json!({"passphrase": typed})).await;
        assert_eq!(opened.assert_status(200).text_at("/text"), text);
    }
    for nothing in ["", " ", "\u{a0}"] {
        let note = json!({"text": text, "passphrase": nothing});
        kith.newcomer("ada").seal(note).await.assert_faults(&["/passphrase"]);
    }
}

#[tokio::test]
async fn h37_filters_by_time_compare_instants_where_an_offset_is_given() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let id = add(&ada, json!({"company": "A", "met_at": "2020-09-21T10:00+02:00"})).await;
    for (name, value, takes) in [
        ("met_from", "2020-09-21T08:00Z", true),
        ("met_from", "2020-09-21T09:00Z", false),
        ("met_from", "2020-09-21T04:00-04:00", true),
        ("met_from", "2020-09-21T04:01-04:00", false),
        ("met_to", "2020-09-21T08:00Z", true),
        ("met_to", "2020-09-21T07:59Z", false),
        ("met_to", "2020-09-21T18:00+10:00", true),
        ("met_from", "2020-09-21T10:00", true),
        ("met_from", "2020-09-21T10:01", false),
        ("met_from", "2020-09-21", true),
    ] {
        let expected: &[&str] = if takes { &[&id] } else { &[] };
        assert_eq!(found(&ada, &[(name, value)]).await, expected, "{name}={value}");
    }
    ada.get(&crate::cards::list(&[("met_from", "2020-09-21T08:01Z"), ("met_to", "2020-09-21T10:00+02:00")]))
        .await
        .assert_faults(&["?met_to"]);
}

#[tokio::test]
async fn h28_all_that_is_missing_in_an_object_is_named_at_once() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let all = ["/location/city", "/location/country", "/location/state"];
    ada.patch("/v1/me").json(json!({"location": {}})).await.assert_faults(&all);
    ada.patch("/v1/me").json(json!({"location": {"city": 1}})).await.assert_faults(&all);
    ada.patch("/v1/me").json(json!({"location": {"city": "Jena"}})).await.assert_faults(&all[1..]);
}
