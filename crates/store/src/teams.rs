//! Teams: people who share work.

use domain::clock::Timestamp;
use domain::ids::{TeamId, TenantId, UserId};

use crate::args;
use crate::db::{Error, Row, Tx, only};

/// One team.
#[derive(Debug, Clone, PartialEq)]
pub struct Team {
    pub id: TeamId,
    pub name: String,
    pub created_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<Team, Error> {
    Ok(Team { id: row.take()?, name: row.take()?, created_at: row.take()? })
}

const INSERT: &str = "
INSERT INTO teams (tenant_id, id, name, created_at)
VALUES ($1, $2, $3, $4)";

/// Adds a team.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, team: &Team) -> Result<(), Error> {
    tx.run(INSERT, &args![tenant, team.id, team.name, team.created_at])
}

const LIST: &str = "
SELECT id, name, created_at
FROM teams
WHERE tenant_id = $1
ORDER BY name, id";

/// All teams by name: a business has few.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Team>, Error> {
    tx.query(LIST, &args![tenant], read)
}

const RENAME: &str = "
UPDATE teams
SET name = $3
WHERE tenant_id = $1 AND id = $2";

/// Gives a team another name; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn rename(tx: &mut Tx<'_>, tenant: TenantId, id: TeamId, name: &str) -> Result<bool, Error> {
    Ok(tx.execute(RENAME, &args![tenant, id, name])? > 0)
}

const DELETE: &str = "
DELETE FROM teams
WHERE tenant_id = $1 AND id = $2";

const DELETE_MEMBERS: &str = "
DELETE FROM team_members
WHERE tenant_id = $1 AND team_id = $2";

/// Removes a team and its memberships; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: TeamId) -> Result<bool, Error> {
    tx.run(DELETE_MEMBERS, &args![tenant, id])?;
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}

const MEMBERS: &str = "
SELECT user_id
FROM team_members
WHERE tenant_id = $1 AND team_id = $2
ORDER BY user_id";

/// Who is in a team.
///
/// # Errors
/// Any fault of the database.
pub fn members(tx: &mut Tx<'_>, tenant: TenantId, id: TeamId) -> Result<Vec<UserId>, Error> {
    tx.query(MEMBERS, &args![tenant, id], only)
}

const ADD_MEMBER: &str = "
INSERT INTO team_members (tenant_id, team_id, user_id)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, team_id, user_id) DO NOTHING";

/// Makes exactly these people the members of a team.
///
/// # Errors
/// Any fault of the database.
pub fn set_members(tx: &mut Tx<'_>, tenant: TenantId, id: TeamId, members: &[UserId]) -> Result<(), Error> {
    tx.run(DELETE_MEMBERS, &args![tenant, id])?;
    for member in members {
        tx.run(ADD_MEMBER, &args![tenant, id, member])?;
    }
    Ok(())
}

const OF_USER: &str = "
SELECT team_id
FROM team_members
WHERE tenant_id = $1 AND user_id = $2
ORDER BY team_id";

/// The teams of a person.
///
/// # Errors
/// Any fault of the database.
pub fn of_user(tx: &mut Tx<'_>, tenant: TenantId, user: &str) -> Result<Vec<TeamId>, Error> {
    tx.query(OF_USER, &args![tenant, user], only)
}
