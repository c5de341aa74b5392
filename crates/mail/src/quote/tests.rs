//! Replies as the common programs write them.

use proptest::prelude::*;

use super::*;

/// The line above the quote, by program and language.
const ATTRIBUTIONS: &[&str] = &[
    "On Mon, 16 Nov 2026 at 10:00, Jane Doe <jane@example.com> wrote:",
    "On Mon, Nov 16, 2026 at 10:00 AM Jane Doe <jane@example.com> wrote:",
    "On Nov 16, 2026, at 10:00, Jane Doe <jane@example.com> wrote:",
    "On 16/11/2026 10:00, Jane Doe wrote:",
    "On Monday, November 16, 2026 at 10:00:00 AM GMT+1, Jane Doe <jane@example.com> wrote:",
    "On Monday, November 16th, 2026 at 10:00 AM, Jane Doe <jane@example.com>\nwrote:",
    "On 16 Nov 2026, 10:00 +0100, Jane Doe <jane@example.com>, wrote:",
    "Jane Doe <jane@example.com> wrote:",
    "---- On Mon, 16 Nov 2026 10:00:00 +0100 Jane Doe <jane@example.com> wrote ----",
    "Am 16.11.2026 um 10:00 schrieb Jane Doe:",
    "Am Mo., 16. Nov. 2026 um 10:00 Uhr schrieb Jane Doe <jane@example.com>:",
    "Jane Doe <jane@example.com> schrieb am Mo., 16. Nov. 2026, 10:00:",
    "Le lun. 16 nov. 2026 à 10:00, Jane Doe <jane@example.com> a écrit :",
    "Le lun. 16 nov. 2026, Jane\n<jane@example.com> a\u{a0}écrit\u{a0}:",
    "El lun, 16 nov 2026 a las 10:00, Jane Doe (<jane@example.com>) escribió:",
    "Il giorno lun 16 nov 2026 alle ore 10:00 Jane Doe <jane@example.com> ha scritto:",
    "Em seg., 16 de nov. de 2026 às 10:00, Jane Doe <jane@example.com> escreveu:",
    "Jane Doe <jane@example.com> escreveu no dia segunda, 16/11/2026 à(s) 10:00:",
    "Op ma 16 nov 2026 om 10:00 schreef Jane Doe <jane@example.com>:",
    "Den mån 16 nov. 2026 kl 10:00 skrev Jane Doe <jane@example.com>:",
    "Den man. 16. nov. 2026 kl. 10.00 skrev Jane Doe <jane@example.com>:",
    "man. 16. nov. 2026 kl. 10:00 skrev Jane Doe <jane@example.com>:",
    "ma 16. marrask. 2026 klo 10.00 Jane Doe (jane@example.com) kirjoitti:",
    "pon., 16 lis 2026 o 10:00 Jane Doe <jane@example.com> napisał(a):",
    "W dniu 16.11.2026 o 10:00, Jane Doe pisze:",
    "po 16. 11. 2026 v 10:00 odesílatel Jane Doe <jane@example.com> napsal:",
    "Dne 16. 11. 2026 v 10:00 Jane Doe napsal(a):",
    "пн, 16 нояб. 2026 г. в 10:00, Jane Doe <jane@example.com>:",
    "16 ноября 2026 г. 10:00 пользователь Jane Doe <jane@example.com> написал:",
    "16.11.2026 10:00, Jane Doe пишет:",
    "пн, 16 лист. 2026 р. о 10:00 Jane Doe <jane@example.com> пише:",
    "Jane Doe <jane@example.com>, 16 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    "2026年11月16日(月) 10:00 Jane Doe <jane@example.com>:",
    "Jane Doe <jane@example.com> 于2026年11月16日周一 10:00写道：",
    "Jane Doe <jane@example.com> 於 2026年11月16日 週一 上午10:00寫道：",
    "2026년 11월 16일 (월) 오전 10:00, Jane Doe <jane@example.com>님이 작성:",
    "Jane Doe <jane@example.com> ezt írta (időpont: 2026. nov. 16., H, 10:00):",
    "În lun., 16 nov. 2026 la 10:00, Jane Doe <jane@example.com> a scris:",
    "Στις Δευ 16 Νοε 2026 στις 10:00 π.μ., ο χρήστης Jane Doe <jane@example.com> έγραψε:",
    "\u{202b}בתאריך יום ב׳, 16 בנוב׳ 2026 ב-10:00 מאת \u{202a}Jane Doe\u{202c}\u{200f} <\u{202a}jane@example.com\u{202c}\u{200f}>:\u{202c}",
    "في الاثنين، 16 نوفمبر 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Jane Doe <jane@example.com>:",
    "*On Monday, 16 November 2026, Jane Doe <jane@example.com> wrote:*",
];

/// What stands above quotes without marks.
const OPENINGS: &[&str] = &[
    "-----Original Message-----\nFrom: Jane Doe <jane@example.com>\nSent: Monday\nTo: Joe",
    "---------- Forwarded message ---------\nFrom: Jane Doe <jane@example.com>",
    "-------- Original message --------\nFrom: Jane Doe <jane@example.com>\nDate: 16/11/2026 10:00 (GMT+01:00)",
    "-------- Ursprüngliche Nachricht --------\nVon: Jane Doe\nDatum: 16.11.26 10:00",
    "-----Ursprüngliche Nachricht-----\nVon: Jane Doe\nGesendet: Montag, 16. November 2026 10:00\nAn: Joe",
    "-------- Weitergeleitete Nachricht --------\nBetreff: x\nDatum: y\nVon: Jane",
    "-------- Message d'origine --------\nDe : Jane Doe\nDate : 16/11/2026",
    "-------- Mensaje original --------\nDe: Jane Doe",
    "-------- Messaggio originale --------\nDa: Jane Doe",
    "-------- Mensagem original --------\nDe: Jane Doe",
    "-------- Oorspronkelijk bericht --------\nVan: Jane Doe",
    "-------- Oprindelig meddelelse --------\nFra: Jane Doe",
    "-------- Ursprungligt meddelande --------\nFrån: Jane Doe",
    "-------- Wiadomość oryginalna --------\nOd: Jane Doe",
    "-------- Исходное сообщение --------\nОт: Jane Doe",
    "------------------ 原始邮件 ------------------\n发件人: Jane Doe",
    "________________________________\nFrom: Jane Doe <jane@example.com>\nSent: Monday, November 16, 2026 10:00 AM\nTo: Joe",
    "________________________________\nVon: Jane Doe\nGesendet: Montag, 16. November 2026\nAn: Joe\nBetreff: x",
    "From: Jane Doe <jane@example.com>\nSent: Monday, November 16, 2026 10:00 AM\nTo: Joe\nSubject: x",
    "From: Jane Doe <jane@example.com>\nDate: Monday, November 16, 2026 at 10:00 AM\nTo: Joe\nSubject: x",
    "*From:* Jane Doe <jane@example.com>\n*Sent:* Monday\n*To:* Joe\n*Subject:* x",
    "De : Jane Doe\nEnvoyé : lundi 16 novembre 2026 10:00\nÀ : Joe\nObjet : x",
    "De: Jane Doe\nEnviado el: lunes, 16 de noviembre de 2026 10:00\nPara: Joe\nAsunto: x",
    "Da: Jane Doe\nInviato: lunedì 16 novembre 2026 10:00\nA: Joe\nOggetto: x",
    "De: Jane Doe\nEnviada em: segunda-feira\nPara: Joe\nAssunto: x",
    "Van: Jane Doe\nVerzonden: maandag\nAan: Joe\nOnderwerp: x",
    "Från: Jane Doe\nSkickat: måndag\nTill: Joe\nÄmne: x",
    "Fra: Jane Doe\nSendt: mandag\nTil: Joe\nEmne: x",
    "Lähettäjä: Jane Doe\nLähetetty: maanantai\nVastaanottaja: Joe\nAihe: x",
    "Od: Jane Doe\nWysłano: poniedziałek\nDo: Joe\nTemat: x",
    "Od: Jane Doe\nOdesláno: pondělí\nKomu: Joe\nPředmět: x",
    "От: Jane Doe\nОтправлено: понедельник\nКому: Joe\nТема: x",
    "Kimden: Jane Doe\nGönderildi: Pazartesi\nKime: Joe\nKonu: x",
    "差出人: Jane Doe\n送信日時: 2026年11月16日\n宛先: Joe\n件名: x",
    "发件人: Jane Doe\n发送时间: 2026年11月16日\n收件人: Joe\n主题: x",
    "보낸 사람: Jane Doe\n보낸 날짜: 2026년\n받는 사람: Joe\n제목: x",
    "Feladó: Jane Doe\nElküldve: hétfő\nCímzett: Joe\nTárgy: x",
    "Begin forwarded message:\n\nFrom: Jane Doe <jane@example.com>\nSubject: x\nDate: 16 November 2026",
    "Anfang der weitergeleiteten Nachricht:\n\nVon: Jane Doe\nBetreff: x",
];

const SIGNATURES: &[&str] = &[
    "-- \nJane Doe\nACME",
    "--\nJane",
    "Sent from my iPhone",
    "Sent from my Samsung Galaxy smartphone.",
    "Get Outlook for iOS<https://example.com/o>",
    "Sent from Outlook for Android",
    "Sent from Mail for Windows",
    "Sent with Proton Mail secure email.",
    "Von meinem iPhone gesendet",
    "Gesendet von Outlook für iOS",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Envoyé de mon iPhone",
    "Envoyé à partir d’Outlook pour Android",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Enviado do meu iPhone",
    "Verzonden vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Odesláno z iPhonu",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的iPhone",
    "從我的iPhone傳送",
    "나의 iPhone에서 보냄",
    "Trimis de pe iPhone-ul meu",
    "Στάλθηκε από το iPhone μου",
    "נשלח מה-iPhone שלי",
];

#[test]
fn the_line_above_a_quote_is_known_in_many_languages() {
    for line in ATTRIBUTIONS {
        let text = format!("Yes, thanks.\n\n{line}\n\n> Shall we?\n>\n> Jane\n");
        let parts = split_text(&text);
        assert_eq!(parts.new, "Yes, thanks.", "{line}");
        assert!(parts.quoted.unwrap().starts_with(line), "{line}");
        assert_eq!(parts.signature, None);
    }
}

#[test]
fn quotes_without_marks_are_known_by_what_stands_above_them() {
    for opening in OPENINGS {
        let text = format!("Yes, thanks.\n\n{opening}\n\nShall we?\n\nJane\n");
        let parts = split_text(&text);
        assert_eq!(parts.new, "Yes, thanks.", "{opening}");
        assert!(parts.quoted.unwrap().starts_with(opening), "{opening}");
    }
    for line in [
        "On Mon, 16 Nov 2026 at 10:00, Jane <jane@example.com> wrote:",
        "Am 16.11.2026 um 10:00 schrieb Jane:",
    ] {
        let parts = split_text(&format!("Yes, thanks.\n\n{line}\n\nShall we?\n\nJane\n"));
        assert_eq!((parts.new.as_str(), parts.quoted.is_some()), ("Yes, thanks.", true), "{line}");
    }
}

#[test]
fn signatures_are_known_with_and_without_a_quote() {
    for signature in SIGNATURES {
        let alone = split_text(&format!("Yes, thanks.\n\n{signature}\n"));
        assert_eq!(alone.new, "Yes, thanks.", "{signature}");
        assert_eq!(alone.signature.as_deref(), Some(*signature));
        let quote = "On Monday Jane <jane@example.com> wrote:\n> Shall we?";
        let above = split_text(&format!("Yes, thanks.\n\n{signature}\n\n{quote}\n"));
        assert_eq!((above.new.as_str(), above.signature.as_deref()), ("Yes, thanks.", Some(*signature)));
        assert_eq!(above.quoted.as_deref(), Some(quote));
        let below = split_text(&format!("Yes, thanks.\n\n{quote}\n\n{signature}\n"));
        assert_eq!(below, above, "{signature}");
    }
}

#[test]
fn sentences_are_no_signatures_and_no_quotes() {
    for text in [
        "On the table lies a book. I wrote it.",
        "Hello,\n\nSent with the parcel on Monday.\n\nBye",
        "I wrote:\nnothing.",
        "From: here to there is a long way.\nTo: nobody",
        "Time: 10:00\nPlace: Berlin\nTo: discuss",
        "Please look at this:\nhttps://example.com/x",
        "He wrote 3 letters in 2026:\none, two, three",
        "a\n___\nb",
        "Der Kunde schrieb mir gestern:\nnichts.",
    ] {
        let parts = split_text(text);
        assert_eq!((parts.new.as_str(), parts.quoted, parts.signature), (text, None, None));
    }
}

#[test]
fn answers_between_the_lines_stay_whole() {
    for text in [
        "> Shall we?\nYes.\n> When?\nNow.",
        "On Monday, 16 Nov 2026, Jane <jane@example.com> wrote:\n> Shall we?\nYes.\n> When?\nNow.",
        "See below.\n\nOn 16 Nov 2026 Jane <jane@example.com> wrote:\n> Shall we?\nYes.\n> When?\nNow.",
        "I ran\n> cargo build\nand it failed.",
    ] {
        assert_eq!(split_text(text), TextSplit { new: text.to_owned(), signature: None, quoted: None });
    }
}

#[test]
fn an_answer_below_the_quote_is_found() {
    let parts = split_text("On Monday Jane wrote:\n> Shall we?\n\nYes.\n\n-- \nJoe");
    assert_eq!(parts.new, "Yes.");
    assert_eq!(parts.signature.as_deref(), Some("-- \nJoe"));
    assert_eq!(parts.quoted.as_deref(), Some("On Monday Jane wrote:\n> Shall we?"));
}

#[test]
fn what_is_only_quoted_or_signed_is_shown() {
    for text in [
        "> old\n> older",
        "---------- Forwarded message ---------\nFrom: Jane\n\nhello",
        "-- \nJane",
        "Sent from my iPhone",
    ] {
        assert_eq!(split_text(text), TextSplit { new: text.to_owned(), signature: None, quoted: None });
    }
    assert_eq!(split_text(" \n\n"), TextSplit::default());
}

fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(
        prop::sample::select(vec![
            "",
            "Yes.",
            "No, thanks.",
            "> Shall we?",
            ">> older",
            "-- ",
            "--",
            "Jane",
            "  indented",
            "Sent from my iPhone",
            "On 16 Nov 2026, Jane <jane@example.com> wrote:",
            "On Monday Jane",
            "wrote:",
            "-----Original Message-----",
            "From: Jane",
            "Sent: Monday",
            "To: Joe",
            "Subject: x",
            "________________________________",
            "Von: Jane",
            "Gesendet: heute",
            "---- x wrote ----",
            ":",
            "é：",
            "\u{202b}",
            "2026年11月16日(月) 10:00 Jane <jane@example.com>:",
        ]),
        0..25,
    )
}

proptest! {
    #[test]
    fn every_line_is_in_one_of_the_parts(lines in pieces()) {
        let text = lines.join("\n");
        let parts = split_text(&text);
        let mut kept: Vec<&str> = Vec::new();
        for part in [Some(parts.new.as_str()), parts.signature.as_deref(), parts.quoted.as_deref()].into_iter().flatten() {
            kept.extend(part.lines().map(str::trim).filter(|line| !line.is_empty()));
        }
        let mut all: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        kept.sort_unstable();
        all.sort_unstable();
        prop_assert_eq!(kept, all);
        prop_assert_eq!(parts.new.is_empty(), text.trim().is_empty());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let parts = split_text(&text);
        prop_assert_eq!(parts.new.is_empty(), text.trim().is_empty());
    }
}
