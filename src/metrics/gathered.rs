//! What is not counted but looked at when somebody asks.

/// What the parts of a process say of themselves for one scrape.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// The site's name.
    pub name: String,
    /// The site's version.
    pub version: String,
    /// Kalgan's version.
    pub kalgan_version: &'static str,
    /// The version tag of the static files.
    pub assets_version: String,
    /// The connections to the database; none where there is no database.
    pub pool: Option<PoolFigures>,
    /// How many mails wait to be sent; none where there is no queue or it does not answer.
    pub mails_waiting: Option<u64>,
}

/// The connections of the database's pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolFigures {
    /// Those that nobody uses at the moment.
    pub idle: u64,
    /// Those that are in use.
    pub used: u64,
    /// The most that may be there at one time: `db.max_connections`.
    pub limit: u64,
}
