//! Two processes on one database: read-then-write in a closure stays exact, and a collision is run again.

use futures_util::future::{join, join_all};
use store::{Error, Store, Tx, args, settings};

use crate::ground::{Ground, OURS, THEIRS};

on_both! {
    two_processes_count_exactly,
    who_collides_is_run_again,
}

/// The careless way to count, on purpose: it is exact only if nobody writes in between.
fn count_up(tx: &mut Tx<'_>, name: &str) -> Result<i64, Error> {
    let before: i64 = settings::get(tx, OURS, name)?.map_or(0, |text| text.parse().unwrap());
    settings::put(tx, OURS, name, &(before + 1).to_string())?;
    Ok(before + 1)
}

async fn count_often(store: &Store, times: usize) -> Vec<i64> {
    let counting = (0..times).map(|_| store.write(OURS, |tx| count_up(tx, "count")));
    join_all(counting).await.into_iter().map(Result::unwrap).collect()
}

async fn two_processes_count_exactly(ground: &Ground) {
    let other = ground.another_store().await;
    let (ours, theirs) = join(count_often(&ground.store, 300), count_often(&other, 300)).await;
    let mut all: Vec<i64> = ours.into_iter().chain(theirs).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=600).collect::<Vec<_>>());
    let counted = ground.read(|tx| settings::get(tx, OURS, "count")).await;
    assert_eq!(counted.as_deref(), Some("600"));
}

/// Work of no one tenant takes no turns, so these two stand in each other's way; one is run again and both succeed.
async fn who_collides_is_run_again(ground: &Ground) {
    const RAISE: &str = "UPDATE counters SET value = value + 1 WHERE tenant_id = $1 AND name = 'n'";
    ground
        .write(|tx| {
            store::counters::add(tx, OURS, "n", 1)?;
            store::counters::add(tx, THEIRS, "n", 1)
        })
        .await;
    let other = ground.another_store().await;
    let crosswise = |store: Store, first, second| async move {
        for _ in 0..3 {
            store
                .write_any(move |tx| {
                    tx.execute(RAISE, &args![first])?;
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    tx.execute(RAISE, &args![second])
                })
                .await
                .unwrap();
        }
    };
    join(crosswise(ground.store.clone(), OURS, THEIRS), crosswise(other, THEIRS, OURS)).await;
    let values = ground
        .read(|tx| {
            Ok([store::counters::with_prefix(tx, OURS, "n")?, store::counters::with_prefix(tx, THEIRS, "n")?])
        })
        .await;
    assert!(values.iter().all(|counted| counted == &[("n".to_owned(), 7)]), "{values:?}");
}
