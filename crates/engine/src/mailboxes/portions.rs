//! How many mails are fetched at once: few enough that what breaks is repeated soon.

use net::imap::Listed;
use store::mailbox_folders::Skipped;

use crate::receive::LARGEST_MAIL;

/// Mails of one portion at the most, and their bytes.
const PORTION: usize = 50;
const PORTION_BYTES: u64 = 8 << 20;

/// UIDs to fetch together, and those before them that are too large.
pub(super) type Portions = std::collections::VecDeque<(Vec<u32>, Vec<Skipped>)>;

/// Cuts a list of mails into portions; one mail each, when it is to be found out which of them breaks the connection.
pub(super) fn cut(listed: &[Listed], one_by_one: bool) -> Portions {
    let mut portions = Portions::new();
    let (mut uids, mut large, mut bytes) = (Vec::new(), Vec::new(), 0_u64);
    let most = if one_by_one { 1 } else { PORTION };
    for mail in listed {
        if mail.size > LARGEST_MAIL as u64 {
            large.push(too_large(mail));
            continue;
        }
        if !uids.is_empty() && (uids.len() >= most || bytes + mail.size > PORTION_BYTES) {
            portions.push_back((std::mem::take(&mut uids), std::mem::take(&mut large)));
            bytes = 0;
        }
        uids.push(mail.uid);
        bytes += mail.size;
    }
    if !uids.is_empty() || !large.is_empty() {
        portions.push_back((uids, large));
    }
    portions
}

fn too_large(mail: &Listed) -> Skipped {
    let reason =
        format!("it is too large: {} MB, and {} MB are taken in", mail.size >> 20, LARGEST_MAIL >> 20);
    Skipped { uid: mail.uid, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_small_and_leave_out_what_is_too_large() {
        let mail = |uid, size| Listed { uid, size };
        let uids = |portions: &Portions| portions.iter().map(|(uids, _)| uids.clone()).collect::<Vec<_>>();
        let listed = [mail(1, 10), mail(2, PORTION_BYTES), mail(3, 10), mail(4, 10), mail(5, u64::MAX)];
        let portions = cut(&listed, false);
        assert_eq!(uids(&portions), [vec![1], vec![2], vec![3, 4]]);
        assert_eq!(portions[2].1[0].uid, 5);
        assert_eq!(uids(&cut(&listed, true)).len(), 4);
        assert!(cut(&[], false).is_empty());
    }
}
