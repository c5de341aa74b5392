//! `/v1/inbound-routes`: the addresses that the SMTP listener takes mail for.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use domain::ids::RouteId;
use engine::Engine;
use engine::accounts::{NewRoute, RouteView};

use crate::kit::{Caller, Created, Json, List, NoContent, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/inbound-routes",
            get_with(list_inbound_routes, |op| {
                op.id("list_inbound_routes").tag("Channels").summary("Inbound routes")
            })
            .post_with(create_inbound_route, |op| {
                op.id("create_inbound_route").tag("Channels").summary("Take mail for an address").description(
                    "An address (`support@example.com`) or a whole domain (`@example.com`). Problem: `route_taken`.",
                )
            }),
        )
        .api_route(
            "/v1/inbound-routes/{id}",
            delete_with(delete_inbound_route, |op| {
                op.id("delete_inbound_route").tag("Channels").summary("Take no mail for an address any more")
            }),
        )
}

async fn list_inbound_routes(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<List<RouteView>>, Problem> {
    Ok(List::whole(engine.inbound_routes(&caller).await?))
}

async fn create_inbound_route(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewRoute>,
) -> Result<Created<RouteView>, Problem> {
    Ok(Created(engine.add_inbound_route(&caller, new).await?))
}

async fn delete_inbound_route(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<RouteId>,
) -> Result<NoContent, Problem> {
    engine.remove_inbound_route(&caller, id).await?;
    Ok(NoContent)
}
