//! The end of each help text: exit codes and examples.

pub(super) const SHORT: &str = "\
Exit codes: 0 none is blocked, all are known · 1 one is blocked · 75 one is unknown · else an error.
`whodunit --help` has all options, and examples.";

pub(super) const AFTER: &str = "\
Exit codes:
  0   no address is blocked, and all are known
  1   at least one address is blocked
  75  none is blocked, and at least one is unknown: ask the client to come back later
  64 bad usage · 65 bad data · 66 an input cannot be read
  74 an output cannot be written · 78 a pattern or config file is wrong

Examples:
  whodunit 193.0.6.135                                  who runs this network?
  whodunit -c -f /etc/qpsmtpd/blocked_registrars IP     the old hook's `whois | egrep -f | wc -l`
  grep reject /var/log/mail.log | whodunit -f blocked   the verdict on every client in these lines
  whodunit report --suggest /var/log/mail.log           the owners, and lines that stop them";

pub(super) const MATCH: &str = "\
Exit codes:
  0 nothing is blocked, and each text is an answer · 1 a text is blocked
  75 a text is no answer (a denial, a placeholder)
  64 bad usage · 66 an input cannot be read
  74 an output cannot be written · 78 a pattern or config file is wrong";

pub(super) const REPORT: &str = "\
Exit codes:
  0 the report was made, whatever it shows
  64 bad usage · 66 a log cannot be read
  74 an output cannot be written · 78 a pattern or config file is wrong";

pub(super) const SERVE: &str = "\
Exit codes:
  0 ended by SIGTERM · 64 bad usage · 66 a file cannot be read
  74 cannot listen there · 78 a pattern or config file is wrong";

pub(super) const PROBE: &str = "\
Exit codes:
  0 OK
  1 WARNING: the cache cannot be used, a registry refuses, or data is old
  2 CRITICAL: the service does not answer
  3 UNKNOWN: the command line or a config file is wrong, or nothing is to be checked";

pub(super) const PATTERNS: &str = "\
Exit codes:
  0 no problem was found
  1 there are problems, unused patterns (--unused), or hits on wanted mail (--ham)
  64 bad usage · 66 a file cannot be read · 74 an output cannot be written
  78 a pattern does not compile, or a config file is wrong";

pub(super) const NETWORKS: &str = "\
Exit codes:
  0 the list was made; it may be empty · 65 it covers too much
  64 bad usage · 66 there is no data, or a file cannot be read
  74 an output cannot be written
  78 a pattern does not compile, or a config file is wrong";

pub(super) const CACHE: &str = "\
Exit codes:
  0 done · 64 bad usage · 65 a file to import is in no known form
  66 a cache or file cannot be read · 74 it cannot be written";

pub(super) const WARM: &str = "\
Exit codes:
  0 all are known now · 75 some are still unknown: run it again later
  64 bad usage · 66 a log cannot be read
  74 an output cannot be written · 78 a config file is wrong";
