//! The program of the stand-in server; see `chancery_bench::stand_in`.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    chancery_bench::stand_in::main().await
}
