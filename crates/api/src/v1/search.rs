//! `/v1/search`: conversations by words and conditions.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use domain::page::Cursor;
use domain::search::Understood;
use engine::Engine;
use engine::search::SearchResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::{Caller, Json, Paging, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new().api_route(
        "/v1/search",
        get_with(search, |op| {
            op.id("search").tag("Inbox").summary("Conversations by words and conditions").description(
                "Words, \"phrases\", `word*`, `-without`, `one OR other`, and the operators `from:` `to:` `cc:` `subject:` \
                 `tag:` `team:` `assignee:` `is:` `has:` `in:` `before:` `after:` `channel:` `priority:`. With words, the \
                 conversations with the newest matching message or note come first; without, those with the newest \
                 activity. Every text is a query: what cannot be understood is told in `understood.notes`. A page may have \
                 fewer rows than asked for and still have a `next_cursor`: a search never runs long.",
            )
        }),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// What is looked for.
    #[serde(default)]
    q: String,
}

/// One page of what was found.
#[derive(Debug, Serialize, JsonSchema)]
struct SearchResults {
    data: Vec<SearchResult>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
    understood: Understood,
}

async fn search(
    State(engine): State<Engine>,
    caller: Caller,
    Query(asked): Query<Asked>,
    Paging(page): Paging,
) -> Result<Json<SearchResults>, Problem> {
    let answer = engine.search(&caller, &asked.q, page).await?;
    Ok(Json(SearchResults {
        next_cursor: answer.page.next.as_ref().map(Cursor::encode),
        data: answer.page.rows,
        understood: answer.understood,
    }))
}
