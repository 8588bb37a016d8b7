#!/bin/bash
# The qpsmtpd plugin: one connection, with the running service (`socket`) and with a process for each (`command`). The
# address is warm, and a pattern blocks it. Needs qpsmtpd's Perl modules. No internet.
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/servers.sh
# Copied like an install, see warm-hook.sh.
cp "$whodunit" "$work/whodunit"
gzip >"$work/ripe.db.inetnum.gz" <<'T'
inetnum:        80.0.0.0 - 80.0.0.255
netname:        EXAMPLE-NET
descr:          Example Customer
country:        DE
status:         ASSIGNED PA
source:         RIPE
T
echo '^descr: +Example Customer$' >"$work/blocked"
printf 'block = "%s"\ncache = "%s"\n' "$work/blocked" "$work/cache.db" >"$work/config.toml"
"$work/whodunit" cache import --config "$work/config.toml" "$work/ripe.db.inetnum.gz" >/dev/null
"$work/whodunit" serve --config "$work/config.toml" --offline --listen "unix:$work/socket" 2>"$work/log" &
running+=($!)
for _ in $(seq 50); do [ ! -S "$work/socket" ] || break; sleep 0.1; done

plugin() { # CONNECTIONS OPTION...
    perl - "$PWD/integrations/qpsmtpd/whodunit" "$@" <<'P'
use strict;
use warnings;
use File::Temp ();
use Time::HiRes 'time';
use Qpsmtpd::Connection;
use Qpsmtpd::Constants;
use Qpsmtpd::Plugin;
use Qpsmtpd::Transaction;
{
    package Server;
    my ($connection, $transaction) = (Qpsmtpd::Connection->new, Qpsmtpd::Transaction->new);
    my $spool = File::Temp::tempdir(CLEANUP => 1);
    sub connection  { $connection }
    sub transaction { $transaction }
    sub config      { return }
    sub spool_dir   { $spool }
    sub _register_hook { }
    sub log    { }
    sub varlog { }
}
my ($file, $count, @options) = @ARGV;
$ENV{PATH} = '/usr/bin:/bin';
Qpsmtpd::Plugin->compile('whodunit', 'Qpsmtpd::Plugin::whodunit', $file, 0, 'whodunit');
my $plugin = Qpsmtpd::Plugin::whodunit->new;
$plugin->{_qp} = bless {}, 'Server';
$plugin->register($plugin->{_qp}, @options);
$plugin->qp->connection->remote_ip('80.0.0.7');
my @times;
for (1 .. $count) {
    my $begun = time;
    my ($code) = $plugin->connect_handler;
    push @times, time - $begun;
    die "not denied: $code\n" if $code != DENY;
}
@times = sort { $a <=> $b } @times;
printf "%.3f ms at the median, %.3f ms p99, of %d\n", map({ $times[$#times * $_] * 1000 } 0.5, 0.99), $count;
P
}
echo "socket   $(plugin 5000 socket "$work/socket")"
echo "command  $(plugin 300 command "$work/whodunit" config "$work/config.toml")"
