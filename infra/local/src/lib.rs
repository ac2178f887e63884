//! The local runner: everything Kith needs from AWS, on one machine, in one process.
//!
//! [`Kith::start`] reads the templates, starts the loopback AWS side and the HTTP front, and runs the functions
//! either in process or as their real binaries. Several runners may live in one process.

pub mod aws;
pub mod bench;
mod clock;
mod core;
mod dearest;
pub mod filter;
mod finishing;
mod front;
mod guard;
mod instances;
mod jobs;
mod kith;
mod kith_api;
mod other_aws;
pub mod page;
mod price;
mod requests;
mod routes;
mod runtime_api;
pub mod seed;
mod settle;
mod state;
mod streams;
mod table;
pub mod template;
mod trim;

pub use clock::{Clock, ParseSpanError, parse_span};
pub use dearest::{DEAREST_DAY, dearest_day};
pub use kith::{Kith, KithError, Options, project_root, project_template};
pub use other_aws::OtherAws;
pub use routes::{CodeRoute, Contract, ContractError, RouteRow, code_routes, contract, functions, route_table};
pub use state::{LAYOUT, OtherLayout};
