//! Re-exports of items that benches, fuzz checks and tests use directly. Nothing else is visible from outside, so the
//! compiler finds unused items.
pub mod address {
    pub use crate::address::{Network, Prefix, parse, special, unwrap};
}
pub mod cache {
    pub use crate::cache::{
        CacheEnv, CacheLocation, CachedAnswer, Freshness, Maintenance, MemoryCache, SqliteCache, Store, open,
    };
    pub mod bulk {
        pub use crate::cache::bulk::{BulkInput, ImportSummary, import, line, survey};
    }
}
pub mod deadline {
    pub use crate::deadline::Deadline;
}
pub mod log {
    pub use crate::log::{ClientSource, Extract, ReadSpec, client, read, time};
}
pub mod networks {
    pub use crate::networks::{
        Families, ListEntry, ListForm, ListHead, ListedSource, NetworkSet, SourceNetwork,
    };
}
pub mod origin {
    pub use crate::origin::{FORM_HEAD, OriginForm, OriginInput, OriginTable, TableBuilder};
}
pub mod pattern {
    pub use crate::pattern::{Action, MatchSubject, PatternSpec, Patterns};
}
pub mod rdap {
    pub use crate::rdap::{RdapFailure, RdapQuery, RdapReply, ask, written};
}
pub mod registry {
    pub use crate::registry::{
        Answer, AnswerSource, OuterValues, Record, Registry, Servers, UnknownKind, is_leaf, referral,
    };
}
pub mod serve {
    pub use crate::serve::{ClientDecision, DecisiveRule};
    pub mod dns {
        pub use crate::serve::dns::{DnsQuery, ListName, Outcome, ZoneServer};
    }
    pub mod policy {
        pub use crate::serve::policy::{PolicyRequest, RejectText, RequestClient, RequestReader};
    }
}
pub mod verdict {
    pub use crate::verdict::Verdict;
}
pub mod whois {
    pub use crate::whois::charset;
    pub mod reply {
        pub use crate::whois::reply::{Provenance, WhoisReply, classify, detect, is_same, unclosed};
    }
}
