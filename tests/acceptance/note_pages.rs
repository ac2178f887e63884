//! The pages on which people write notes and read them: forms that post, and do without a script.

use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::{Value, json};

const TEXT: &str = "the key is under the mat";

/// Sends the form of the page on which notes are written.
fn write(by: &Actor, fields: &[(&str, &str)]) -> Request {
    by.post("/notes/new").form(fields)
}

/// The path of the page that opens what an answer says was sealed.
fn page_of(sealed: &Answer) -> String {
    sealed.assert_status(201).header("location").unwrap().to_owned()
}

/// The path of a page for a note that the API has sealed.
async fn sealed(kith: &Kith, note: Value) -> String {
    page_of(&kith.visitor().seal(note).await)
}

/// Presses the button of a note's page.
fn press(by: &Actor, page: &str) -> Request {
    by.post(page).form(&[])
}

/// What the page shows as the text of the note, as a browser reads it.
fn shown(page: &Answer) -> String {
    let (_, from) = page.assert_status(200).text().split_once("<pre class=\"words\" dir=\"auto\">\n").unwrap();
    unescaped(from.split_once("</pre>").unwrap().0)
}

/// What stands in a field of a form that came back, as a browser reads it.
fn typed(page: &Answer, field: &str) -> String {
    let area = format!("<textarea id=\"{field}\"");
    let line = format!("<input id=\"{field}\"");
    if let Some((_, from)) = page.text().split_once(&area) {
        let (_, from) = from.split_once(">\n").unwrap();
        return unescaped(from.split_once("</textarea>").unwrap().0);
    }
    let (tag, _) = page.text().split_once(&line).unwrap().1.split_once('>').unwrap();
    let value = tag.split_once(" value=\"").map(|(_, from)| from.split_once('"').unwrap().0);
    unescaped(value.unwrap_or_default())
}

fn unescaped(html: &str) -> String {
    let entities = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    entities.iter().fold(html.to_owned(), |text, (entity, meant)| text.replace(entity, meant))
}

/// The one script of these pages.
const SCRIPT: &str = "<script src=\"/notes/notes.js\" defer></script>";

fn assert_unlisted(page: &Answer) {
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{page}");
    assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{page}");
    assert!(page.header("x-robots-tag").is_some_and(|tag| tag.starts_with("noindex")), "{page}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{page}");
    let policy = page.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    // Nothing runs but the one script, which is a file of ours.
    let text = page.text();
    assert_eq!(policy.contains("script-src 'self';"), text.contains(SCRIPT), "{policy}");
    assert!(!policy.contains("unsafe") && !text.replace(SCRIPT, "").contains("<script"), "{page}");
}

#[tokio::test]
async fn b01_b17_a_note_that_was_written_on_the_page_is_read_behind_its_link_once() {
    let kith = Kith::shared().await;
    let (ada, bob) = (kith.visitor(), kith.visitor());
    let form = ada.get("/notes/new").await;
    for part in ["<form method=\"post\" action=\"/notes/new\">", "name=\"text\"", "name=\"passphrase\""] {
        assert!(form.assert_status(200).text().contains(part), "{form}");
    }
    let fields = [("text", TEXT), ("expires_in", "604800"), ("max_views", "1"), ("passphrase", "")];
    let sealed = write(&ada, &fields).await;
    let page = page_of(&sealed);
    assert!(sealed.text().contains(&format!("{}{page}</textarea>", kith.url())), "{sealed}");

    let closed = bob.get(&page).await;
    assert!(closed.assert_status(200).text().contains("Reveal the note") && !closed.text().contains(TEXT), "{closed}");
    assert!(!closed.text().contains("name=\"passphrase\""), "it asks for a passphrase that it has not: {closed}");
    let opened = press(&bob, &page).await;
    assert_eq!(shown(&opened), TEXT);
    assert!(opened.text().contains("It is gone now"), "{opened}");
    for again in [press(&bob, &page).await, bob.get(&page).await] {
        assert!(again.assert_status(404).text().contains("There is no note here"), "{again}");
    }
}

#[tokio::test]
async fn b01_what_is_sealed_by_the_api_opens_on_the_page_and_the_other_way_round() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let page = sealed(&kith, json!({"text": TEXT, "max_views": 2})).await;
    let opened = press(&visitor, &page).await;
    assert_eq!(shown(&opened), TEXT);
    assert!(opened.text().contains("once more"), "{opened}");
    // Whatever presses the button need not be a browser.
    assert_eq!(shown(&visitor.post(&page).await), TEXT);

    let page = page_of(&write(&visitor, &[("text", TEXT)]).await);
    let token = page.strip_prefix("/n/").unwrap();
    assert_eq!(visitor.open(token).json(json!({})).await.assert_status(200).text_at("/text"), TEXT);
}

#[tokio::test]
async fn b03_the_page_shows_when_the_note_was_sealed() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let note = visitor.seal(json!({"text": TEXT})).await;
    let page = page_of(&note);
    let (created, expires) = (note.text_at("/created_at"), note.text_at("/expires_at"));
    let closed = visitor.get(&page).await;
    for time in [&created, &expires] {
        assert!(closed.text().contains(&format!("<time datetime=\"{time}\">")), "{closed}");
    }
    let opened = press(&visitor, &page).await;
    assert!(opened.assert_status(200).text().contains(&format!("Sealed <time datetime=\"{created}\">")), "{opened}");
    let in_words = created.parse::<jiff::Timestamp>().unwrap().strftime("%-d %B %Y, %H:%M UTC").to_string();
    assert!(opened.text().contains(&in_words), "{opened}");
}

#[tokio::test]
async fn b10_a17_what_was_written_is_shown_as_it_is_and_does_nothing() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    for text in [
        "<b>&",
        "<script>alert('x')</script>",
        "</pre></textarea><img src=x onerror=alert(1)>",
        "\n\n  two blank lines before,\ttabs and  blanks within, and one after\n",
        "&lt;b&gt; &#60; {{ 7 * 7 }} ' OR 1=1 --",
        "ünï©ödé 🗝️ \u{202e}thgir ot tfel",
    ] {
        let page = sealed(&kith, json!({"text": text, "max_views": 2})).await;
        let opened = press(&visitor, &page).await;
        assert_eq!(shown(&opened), text);
        let own = opened.text().replace(SCRIPT, "");
        for tag in ["<b>", "<script", "<img"] {
            assert!(!own.contains(tag), "{text:?} reached the page");
        }
        let token = page.strip_prefix("/n/").unwrap();
        assert_eq!(visitor.open(token).json(json!({})).await.text_at("/text"), text);
    }
}

#[tokio::test]
async fn b10_line_breaks_are_those_that_were_typed() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    // Browsers send every line break as two characters.
    let page = page_of(&write(&visitor, &[("text", "one\r\n\r\n  two\r\n")]).await);
    let token = page.strip_prefix("/n/").unwrap();
    assert_eq!(visitor.open(token).json(json!({})).await.text_at("/text"), "one\n\n  two\n");
}

#[tokio::test]
async fn b11_b17_a_form_with_faults_comes_back_with_all_that_was_typed_but_the_passphrase() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let long = "p".repeat(129);
    let text = "\n<i>not</i> \"this\" one & 'that'";
    let fields = [("text", text), ("expires_in", "59"), ("max_views", "1000"), ("passphrase", &*long)];
    let back = write(&visitor, &fields).await;
    assert_unlisted(back.assert_status(422));
    assert_eq!(typed(&back, "text"), text);
    assert_eq!(typed(&back, "max_views"), "1000");
    assert_eq!(typed(&back, "passphrase"), "");
    assert!(!back.text().contains(&long) && back.text().contains("Nothing is sealed yet"), "{back}");
    for field in ["expires_in", "max_views", "passphrase"] {
        assert!(back.text().contains(&format!("id=\"{field}-fault\"")), "{field}: {back}");
    }
    assert!(!back.text().contains("id=\"text-fault\"") && back.header("location").is_none(), "{back}");

    for empty in [&[][..], &[("text", "")], &[("text", " \r\n\t ")]] {
        let back = write(&visitor, empty).await;
        assert!(back.assert_status(422).text().contains("Your note is required."), "{back}");
    }
    let other = visitor.post("/notes/new").json(json!({"text": TEXT})).await;
    assert_eq!(other.assert_status(415).header("content-type"), Some("text/html; charset=utf-8"));
}

#[tokio::test]
async fn b15_a_note_that_is_too_long_comes_back_and_the_longest_is_sealed() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    // Two bytes each, which the form makes six of.
    let longest = "é".repeat(32 * 1024);
    let page = page_of(&write(&visitor, &[("text", &longest)]).await);
    assert_eq!(shown(&press(&visitor, &page).await), longest);
    // As many as the browser lets one type, at three bytes each.
    for long in [format!("{longest}e"), "€".repeat(64 * 1024)] {
        let back = write(&visitor, &[("text", &long)]).await;
        assert!(back.assert_status(413).text().contains("Your note is too long"), "no fault");
        assert_eq!(typed(&back, "text"), long);
    }
}

#[tokio::test]
async fn b18_x04_no_page_of_a_note_is_kept_listed_or_told_to_others() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let note = json!({"text": TEXT, "passphrase": "open sesame", "max_views": 1});
    let page = sealed(&kith, note).await;
    let sealed = write(&visitor, &[("text", TEXT)]).await;
    let pages = [
        visitor.get("/notes/new").await,
        sealed,
        visitor.get(&page).await,
        visitor.post(&page).form(&[("passphrase", "open barley")]).await,
        visitor.post(&page).body("text/xml", "<x/>").await,
        visitor.post(&page).form(&[("passphrase", "open sesame")]).await,
        visitor.get(&page).await,
        press(&visitor, &page).await,
        visitor.get("/n/nothing").await,
        visitor.get("/n/%ff").await,
    ];
    assert_eq!(pages.each_ref().map(Answer::status), [200, 201, 200, 403, 415, 200, 404, 404, 404, 404]);
    for page in &pages {
        assert_unlisted(page);
    }
}

#[tokio::test]
async fn b18_no_record_of_a_request_names_a_note() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let visitor = kith.visitor();
    // Nobody else's: others write to the same table meanwhile.
    let name = &visitor.person.username;
    let (text, right) = (format!("a text of {name}"), format!("a passphrase of {name}"));
    let wrong = format!("a wrong passphrase of {name}");
    let page = page_of(&write(&visitor, &[("text", &text), ("passphrase", &right)]).await);
    let token = page.strip_prefix("/n/").unwrap();
    visitor.get(&page).await.assert_status(200);
    visitor.post(&page).form(&[("passphrase", &wrong)]).await.assert_status(403);
    visitor.post(&page).form(&[("passphrase", &right)]).await.assert_status(200);
    press(&visitor, &page).await.assert_status(404);
    let records = kith.helper("/_kith/requests").await.to_string();
    let table = serde_json::to_string(&kith.table().await).unwrap();
    for secret in [token, &text, &right, &wrong] {
        assert!(!records.contains(secret), "the record of a request holds {secret}");
        assert!(!table.contains(secret), "the table holds {secret}");
    }
}

/// Where a page leads by itself or by a click, but not by sending a form.
fn links(page: &Answer) -> Vec<String> {
    let attributes = ["href=\"", "src=\"", "action=\"", "url="];
    let found = attributes.iter().flat_map(|attribute| page.text().split(attribute).skip(1));
    found.filter_map(|rest| rest.split('"').next()).filter(|link| link.starts_with('/')).map(unescaped).collect()
}

#[tokio::test]
async fn a15_a_scanner_that_opens_everything_twice_reads_no_note() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, scanner) = (kith.visitor(), kith.visitor());
    let written = write(&ada, &[("text", TEXT), ("passphrase", "open sesame")]).await;
    let note = ada.seal(json!({"text": TEXT})).await;
    let pages = [page_of(&written), page_of(&note)];
    let stored = async || {
        let notes = kith.items("note#").await.into_iter().filter(|item| note.text_at("/id") == item["id"]);
        notes.collect::<Vec<_>>()
    };
    let before = stored().await;
    assert_eq!(before.len(), 1);
    for _ in 0..2 {
        for page in &pages {
            let seen = scanner.get(page).await;
            assert!(!seen.assert_status(200).text().contains(TEXT), "{seen}");
            for link in links(&seen) {
                scanner.get(&link).await;
            }
            for query in ["?passphrase=open+sesame", "?", "?open=1&utm_source=mail"] {
                scanner.get(&format!("{page}{query}")).await.assert_status(200);
            }
            scanner.request("HEAD", page).await;
            scanner.request("OPTIONS", page).await;
            scanner.get(&format!("/v1/notes/{}", page.strip_prefix("/n/").unwrap())).await.assert_status(200);
        }
        for link in links(&written) {
            scanner.get(&link).await;
        }
    }
    assert_eq!(stored().await, before);
    let read = ada.post(&pages[0]).form(&[("passphrase", "open sesame")]).await;
    assert_eq!(shown(&read), TEXT);
    assert_eq!(shown(&press(&ada, &pages[1]).await), TEXT);
}

#[tokio::test]
async fn b12_whatever_cannot_be_opened_is_the_same_page() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let visitor = kith.visitor();
    let ended = sealed(&kith, json!({"text": TEXT, "expires_in": 60})).await;
    let read = sealed(&kith, json!({"text": TEXT})).await;
    let guarded = sealed(&kith, json!({"text": TEXT, "passphrase": "open sesame", "expires_in": 60})).await;
    let destroyed = kith.visitor().seal(json!({"text": TEXT})).await;
    press(&visitor, &read).await.assert_status(200);
    visitor.destroy(&destroyed.text_at("/id"), Some(&destroyed.text_at("/manage_token"))).await.assert_status(204);
    for alive in [&ended, &guarded] {
        visitor.get(alive).await.assert_status(200);
    }
    clock.advance("60s").await;

    let unknown = format!("/n/{}", "A".repeat(43));
    let pages = [&*unknown, &ended, &guarded, &read, &page_of(&destroyed), "/n/x", "/n/%00", "/n/%20", "/n/%ff"];
    for method in ["GET", "POST"] {
        let mut answers = Vec::new();
        for page in pages {
            // From an address of its own, so that all have the same number of requests left.
            let reader = kith.visitor();
            let answer = reader.request(method, page).await;
            let mut headers = answer.assert_status(404).headers().clone();
            for moving in ["date", "apigw-requestid"] {
                headers.remove(moving);
            }
            answers.push((page, headers, answer.text().to_owned()));
        }
        let (_, headers, text) = &answers[0];
        for (page, other_headers, other) in &answers {
            assert_eq!((other_headers, other), (headers, text), "{method} {page}");
        }
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn g05_a_wrong_passphrase_reads_nothing_and_ten_lock_the_page_for_a_while() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let visitor = kith.visitor();
    let page = page_of(&write(&visitor, &[("text", TEXT), ("passphrase", "open sesame")]).await);
    let closed = visitor.get(&page).await;
    assert!(closed.text().contains("name=\"passphrase\""), "{closed}");
    // Pressed without one: not even a try.
    for _ in 0..11 {
        press(&visitor, &page).await.assert_status(403);
    }
    for number in 1..=10 {
        let wrong = visitor.post(&page).form(&[("passphrase", "open <barley>")]).await;
        assert!(wrong.assert_status(403).text().contains("id=\"passphrase-fault\""), "{number}: {wrong}");
        assert!(!wrong.text().contains("barley") && wrong.text().contains("Reveal the note"), "{number}: {wrong}");
    }
    let right = || visitor.post(&page).form(&[("passphrase", "open sesame")]);
    let locked = right().await;
    assert!(locked.assert_status(429).header("retry-after").is_some_and(|after| after == "900"), "{locked}");
    assert!(locked.text().contains("Locked for a while") && locked.text().contains("15 minutes"), "{locked}");
    visitor.get(&page).await.assert_status(200);
    clock.advance("15m").await;
    assert_eq!(shown(&right().await), TEXT);
    kith.shut_down().await;
}

#[tokio::test]
async fn b16_who_writes_or_opens_too_much_has_to_wait_and_keeps_what_was_typed() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let page = page_of(&write(&visitor, &[("text", "one of thirty")]).await);
    for _ in 1..30 {
        write(&visitor, &[("text", "one of thirty")]).await.assert_status(201);
    }
    let back = write(&visitor, &[("text", TEXT)]).await;
    assert!(back.assert_status(429).header("retry-after").is_some(), "{back}");
    assert_eq!(typed(&back, "text"), TEXT);
    write(&visitor.elsewhere(), &[("text", TEXT)]).await.assert_status(201);

    for _ in 0..120 {
        visitor.get(&page).await.assert_status(200);
    }
    for refused in [visitor.get(&page).await, press(&visitor, &page).await] {
        assert!(refused.assert_status(429).header("retry-after").is_some(), "{refused}");
        assert_unlisted(&refused);
    }
    press(&visitor.elsewhere(), &page).await.assert_status(200);
}

#[tokio::test]
async fn b17_where_only_members_seal_notes_the_page_says_so_and_others_still_read() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|options| drop(options.parameters.insert("Notes".to_owned(), "members".to_owned()))).await;
    let (ada, visitor) = (kith.registered("ada").await, kith.visitor());
    let told = visitor.get("/notes/new").await;
    assert!(told.assert_status(200).text().contains("Members seal notes here") && !told.text().contains("<form"));
    let refused = write(&visitor, &[("text", TEXT)]).await;
    assert!(refused.assert_status(401).text().contains("Members seal notes here"), "{refused}");
    assert!(refused.header("www-authenticate").is_some() && !refused.text().contains(TEXT), "{refused}");
    for page in [&told, &refused] {
        assert_unlisted(page);
    }
    assert!(kith.items("note").await.is_empty());

    visitor.seal(json!({"text": TEXT})).await.assert_problem(401, "unauthorized");
    let page = page_of(&ada.seal(json!({"text": TEXT})).await);
    visitor.get(&page).await.assert_status(200);
    assert_eq!(shown(&press(&visitor, &page).await), TEXT);
    kith.shut_down().await;
}
