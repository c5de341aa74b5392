//! `chancery search`: conversations by words and conditions.

use clap::Args;
use domain::page::PageRequest;
use domain::search::Piece;
use engine::search::SearchResult;

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Args)]
pub struct Search {
    /// Words and operators, such as 'from:jane invoice is:open'
    #[arg(required = true)]
    query: Vec<String>,
    /// How many to show, 1 to 200
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    #[arg(long)]
    json: bool,
}

impl Search {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let page = PageRequest { limit: self.limit, after: None };
        let query = self.query.join(" ");
        let answer =
            with_engine(&settings, async |engine| Ok(engine.search(&operator(), &query, page).await?))
                .await?;
        for note in &answer.understood.notes {
            output::notice(note);
        }
        for row in &answer.page.rows {
            output::result(self.json, row, &line(row))?;
        }
        if answer.page.rows.is_empty() {
            output::notice("Nothing was found.");
        } else if answer.page.next.is_some() {
            output::notice("There is more; narrow the search or raise --limit.");
        }
        Ok(())
    }
}

/// One result on two lines: where it is, and the place that was found with `[hits]` in brackets.
fn line(row: &SearchResult) -> String {
    let conversation = &row.conversation;
    let contact = if conversation.contact.name.is_empty() {
        &conversation.contact.address
    } else {
        &conversation.contact.name
    };
    let subject = if conversation.subject.is_empty() { "(no subject)" } else { &conversation.subject };
    let head = format!("{}  {}  {}  {contact}: {subject}", row.at, conversation.id, conversation.state);
    let place: String = row.snippet.iter().map(shown).collect();
    if place.is_empty() { head } else { format!("{head}\n    {place}") }
}

fn shown(piece: &Piece) -> String {
    // Strangers wrote this: nothing of it may move the cursor of a terminal.
    let text: String = piece.text.chars().filter(|character| !character.is_control()).collect();
    if piece.hit { format!("[{text}]") } else { text }
}
