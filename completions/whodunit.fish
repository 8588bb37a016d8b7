# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_whodunit_global_optspecs
    string join \n log= explain extract= trusted-proxy= f/block= a/allow= e/regexp= i/ignore-case json csv c/count q/quiet whois color= on-unknown= timeout= j/jobs= per-server= rate= servers= rdap= full offline refresh cache= max-age= share= config= h/help V/version
end

function __fish_whodunit_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_whodunit_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_whodunit_using_subcommand
    set -l cmd (__fish_whodunit_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c whodunit -n "__fish_whodunit_needs_command" -l log -d 'A log to take addresses from, plain or compressed' -r -F
complete -c whodunit -n "__fish_whodunit_needs_command" -l extract -d 'Take from a log line: client (only the connecting host) or all (every address) [default: client]' -r -f -a "client\t'Only the connecting client'
all\t'Every valid address'"
complete -c whodunit -n "__fish_whodunit_needs_command" -l trusted-proxy -d 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line\'s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -s f -l block -d 'Patterns of networks whose mail is not wanted, as for egrep -f' -r -F
complete -c whodunit -n "__fish_whodunit_needs_command" -s a -l allow -d 'Patterns of networks to let in, whatever blocks them (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_needs_command" -s e -l regexp -d 'One block pattern: a POSIX extended expression, or an @field line (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -l color -d 'Colour: auto, always, never [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Even into a pipe'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_needs_command" -l on-unknown -d 'What an unknown network means: pass (exit 0), defer (75) or block (1) [default: defer]' -r -f -a "pass\t'Let it in (exit 0)'
defer\t'Ask the client to come back later (exit 75)'
block\t'Treat it as blocked (exit 1)'"
complete -c whodunit -n "__fish_whodunit_needs_command" -l timeout -d 'Seconds for one address, all queries together [default: 10; serve: 2]' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -s j -l jobs -d 'How many look-ups run at once [default: 32]' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -l per-server -d 'How many queries one server gets at once [default: 3]' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -l rate -d 'How many queries a second one server gets; 0 = no limit [default: each registry\'s own limit]' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -l servers -d 'A JSON file of servers that replace the built-in ones, in whois-rust\'s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities\' certificates to trust, not the server\'s own' -r -F
complete -c whodunit -n "__fish_whodunit_needs_command" -l rdap -d 'Ask over RDAP (HTTPS) if a registry\'s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial' -r -f -a "fallback\t'When its whois server cannot be reached or does not answer in time'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_needs_command" -l cache -d 'Where answers are kept: a path, redis://host:port/db, or none' -r -F
complete -c whodunit -n "__fish_whodunit_needs_command" -l max-age -d 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -l share -d 'Use an answer for the address\'s /V4 (IPv6: /V6) at most; 32,128 shares nothing' -r
complete -c whodunit -n "__fish_whodunit_needs_command" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_needs_command" -l explain -d 'Show every step of each look-up, from registry to verdict'
complete -c whodunit -n "__fish_whodunit_needs_command" -s i -l ignore-case -d 'Ignore case, as grep -i'
complete -c whodunit -n "__fish_whodunit_needs_command" -l json -d 'Print JSON Lines: one object for each verdict'
complete -c whodunit -n "__fish_whodunit_needs_command" -l csv -d 'Print CSV: a header, then one row for each verdict'
complete -c whodunit -n "__fish_whodunit_needs_command" -s c -l count -d 'Print how many whois lines block patterns match, as `egrep -f FILE | wc -l` does'
complete -c whodunit -n "__fish_whodunit_needs_command" -s q -l quiet -d 'Print nothing: the exit code is the result'
complete -c whodunit -n "__fish_whodunit_needs_command" -l whois -d 'Print the whois text below each verdict, with matching lines highlighted'
complete -c whodunit -n "__fish_whodunit_needs_command" -l full -d 'Ask RIPE for personal data too; its daily quota counts these'
complete -c whodunit -n "__fish_whodunit_needs_command" -l offline -d 'Send no queries: use only the cache and imported data'
complete -c whodunit -n "__fish_whodunit_needs_command" -l refresh -d 'Ask again, whatever the cache has'
complete -c whodunit -n "__fish_whodunit_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_needs_command" -s V -l version -d 'Print version'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "match" -d 'Match patterns against whois text that you already have (no network, no cache)'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "report" -d 'List the owners behind a log\'s traffic, ranked by hits, with activity over time'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "serve" -d 'Answer Postfix\'s policy protocol, and a DNS list for other mail servers and filters'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "check" -d 'Monitor the service, the cache, refusals and the data\'s age: one line and a code'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "networks" -d 'List all networks that the patterns block, for a firewall or a mail server\'s tables'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "patterns" -d 'Check pattern files for mistakes, each as FILE:LINE: message'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "cache" -d 'Show, clear, import or export the cache'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "warm" -d 'Fill the cache from logs, at the registries\' own pace'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "completions" -d 'Print a completion script for a shell'
complete -c whodunit -n "__fish_whodunit_needs_command" -a "man" -d 'Print the manual page (roff): `whodunit man | man -l -` shows it'
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l ip -d 'The address that the text is about: selects the record that holds it' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l cache -d 'Taken, so that a script can give all commands the same options; with --ip the table of origins beside it is read' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -s f -l block -d 'Patterns of networks whose mail is not wanted, as for egrep -f' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -s a -l allow -d 'Patterns of networks to let in, whatever blocks them (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -s e -l regexp -d 'One block pattern: a POSIX extended expression, or an @field line (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l color -d 'Colour: auto, always, never [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Even into a pipe'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l on-unknown -d 'What an unknown network means: pass (exit 0), defer (75) or block (1) [default: defer]' -r -f -a "pass\t'Let it in (exit 0)'
defer\t'Ask the client to come back later (exit 75)'
block\t'Treat it as blocked (exit 1)'"
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -s i -l ignore-case -d 'Ignore case, as grep -i'
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l json -d 'Print JSON Lines: one object for each verdict'
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l csv -d 'Print CSV: a header, then one row for each verdict'
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -s c -l count -d 'Print how many whois lines block patterns match, as `egrep -f FILE | wc -l` does'
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -s q -l quiet -d 'Print nothing: the exit code is the result'
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -l whois -d 'Print the whois text below each verdict, with matching lines highlighted'
complete -c whodunit -n "__fish_whodunit_using_subcommand match" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l by -d 'Group by owner, asn, abuse (the contact\'s mail domain), maintainer, netname, network, registry or country [default: owner]' -r -f -a "owner\t'The owner of the network'
asn\t'The autonomous system'
abuse\t'The mail domain of the abuse contact'
maintainer\t'The maintainer in the registry\'s database'
netname\t'The network\'s name'
network\t'The network'
registry\t'The registry'
country\t'The country'"
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l owner -d 'Show only owners whose name this pattern matches, whatever its case, and their addresses (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l lines -d 'Show this many log lines of each address, with --owner or --abuse-mail [default: 3]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l abuse-mail -d 'Write a message to each owner\'s abuse contact into this folder: look at it, then send it yourself' -r -f -a "(__fish_complete_directories)"
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l top -d 'Show the N rows with the most hits [default: all; on a terminal 20]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l grep -d 'Read only the log lines that this pattern matches' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l since -d 'Read only lines from this time on: yesterday, today, 10:00, 2026-11-23, "2026-11-23 10:00", or an age such as 12h or 2d' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l until -d 'Read only lines up to this time, written as for --since' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l ham -d 'A log of mail that you want: no owner seen in it is suggested (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l min-hits -d 'Suggest only lines that stop at least this many hits [default: 3]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l min-addresses -d 'Suggest only lines that stop at least this many addresses [default: 2]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l html -d 'Write the report as one self-contained web page, which replaces an earlier one' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l color -d 'Colour and drawing: auto, always, never [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Even into a pipe'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l extract -d 'Take from a log line: client (only the connecting host) or all (every address) [default: client]' -r -f -a "client\t'Only the connecting client'
all\t'Every valid address'"
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l trusted-proxy -d 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line\'s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -s f -l block -d 'Patterns of networks whose mail is not wanted, as for egrep -f' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -s a -l allow -d 'Patterns of networks to let in, whatever blocks them (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -s e -l regexp -d 'One block pattern: a POSIX extended expression, or an @field line (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l timeout -d 'Seconds for one address, all queries together [default: 10; serve: 2]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -s j -l jobs -d 'How many look-ups run at once [default: 32]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l per-server -d 'How many queries one server gets at once [default: 3]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l rate -d 'How many queries a second one server gets; 0 = no limit [default: each registry\'s own limit]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l servers -d 'A JSON file of servers that replace the built-in ones, in whois-rust\'s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities\' certificates to trust, not the server\'s own' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l rdap -d 'Ask over RDAP (HTTPS) if a registry\'s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial' -r -f -a "fallback\t'When its whois server cannot be reached or does not answer in time'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l cache -d 'Where answers are kept: a path, redis://host:port/db, or none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l max-age -d 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l share -d 'Use an answer for the address\'s /V4 (IPv6: /V6) at most; 32,128 shares nothing' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l suggest -d 'Print a pattern file for the owners that are not blocked yet'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l correspondents -d 'Suggest no owner of a server to which these logs show deliveries (such as `status=sent`)'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l json -d 'Print JSON Lines: one object for each row'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l csv -d 'Print CSV: a header, then one line for each row'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -s i -l ignore-case -d 'Ignore case, as grep -i'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l full -d 'Ask RIPE for personal data too; its daily quota counts these'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l offline -d 'Send no queries: use only the cache and imported data'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -l refresh -d 'Ask again, whatever the cache has'
complete -c whodunit -n "__fish_whodunit_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l listen -d 'Where to listen: inet:127.0.0.1:10045, unix:/path or dns:127.0.0.1:5354 (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l reject-text -d 'The text for a blocked client; {org} {network} {contact} {ip} {file} {line} are filled in [default: No access to hosts using this registrar: {org} ({network})]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l on-blocked -d 'The action for a blocked client: reject, defer (DEFER_IF_PERMIT) or tag (PREPEND X-Whodunit) [default: reject]' -r -f -a "reject\t'Reject it'
defer\t'Ask the client to come back later'
tag\t'Let it in with a header'"
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l zone -d 'The DNS list\'s zone [default: whodunit]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l dns-allow -d 'Answer only DNS clients in this network (repeatable) [default: 127.0.0.0/8 and ::1]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l metrics -d 'Write metrics for Prometheus to this file every 15 s (node_exporter\'s textfile collector)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l on-unknown -d 'What an unknown network means: pass (DUNNO), defer (DEFER_IF_PERMIT) or block (REJECT) [default: pass]' -r -f -a "pass\t'Let it in (exit 0)'
defer\t'Ask the client to come back later (exit 75)'
block\t'Treat it as blocked (exit 1)'"
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -s f -l block -d 'Patterns of networks whose mail is not wanted, as for egrep -f' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -s a -l allow -d 'Patterns of networks to let in, whatever blocks them (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -s e -l regexp -d 'One block pattern: a POSIX extended expression, or an @field line (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l timeout -d 'Seconds for one address, all queries together [default: 10; serve: 2]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -s j -l jobs -d 'How many look-ups run at once [default: 32]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l per-server -d 'How many queries one server gets at once [default: 3]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l rate -d 'How many queries a second one server gets; 0 = no limit [default: each registry\'s own limit]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l servers -d 'A JSON file of servers that replace the built-in ones, in whois-rust\'s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities\' certificates to trust, not the server\'s own' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l rdap -d 'Ask over RDAP (HTTPS) if a registry\'s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial' -r -f -a "fallback\t'When its whois server cannot be reached or does not answer in time'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l cache -d 'Where answers are kept: a path, redis://host:port/db, or none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l max-age -d 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l share -d 'Use an answer for the address\'s /V4 (IPv6: /V6) at most; 32,128 shares nothing' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l stdio -d 'Use stdin and stdout, for Postfix\'s spawn(8); then log to syslog, never to a descriptor'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l dry-run -d 'Answer WARN instead of REJECT: nothing is rejected, and the mail log shows what would have been'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l header -d 'Add an X-Whodunit header (PREPEND) to all accepted mail, once for each message'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l syslog -d 'Log each decision to syslog (facility mail) instead of stderr'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -s i -l ignore-case -d 'Ignore case, as grep -i'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l full -d 'Ask RIPE for personal data too; its daily quota counts these'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l offline -d 'Send no queries: use only the cache and imported data'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -l refresh -d 'Ask again, whatever the cache has'
complete -c whodunit -n "__fish_whodunit_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_using_subcommand check" -l listen -d 'The listen address of the service: inet:HOST:PORT, unix:PATH or dns:HOST:PORT (repeatable) [default: the configuration\'s `listen`]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand check" -l zone -d 'The DNS list\'s zone [default: whodunit]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand check" -l stale -d 'Warn of imported data older than this [default: 45]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand check" -l cache -d 'The cache: a path, redis://host:port/db (rediss:// with TLS), or none [default: as for look-ups]' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand check" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -l format -d 'The format of the list: cidr, json, csv, postfix, nft, ipset, rbldnsd, rspamd, nginx, apache, exim [default: cidr]' -r -f -a "cidr\t''
json\t''
csv\t''
postfix\t''
nft\t''
ipset\t''
rbldnsd\t''
rspamd\t''
nginx\t''
apache\t''
exim\t''"
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s o -l output -d 'Write the list into this file; it replaces an earlier one when it is complete' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -l max-addresses -d 'Refuse a list of more IPv4 addresses than this; 0 = no limit [default: 16777216]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s f -l block -d 'Patterns of networks whose mail is not wanted, as for egrep -f' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s a -l allow -d 'Patterns of networks to let in, whatever blocks them (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s e -l regexp -d 'One block pattern: a POSIX extended expression, or an @field line (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -l cache -d 'Where answers are kept: a path, redis://host:port/db, or none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -l max-age -d 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -l share -d 'Use an answer for the address\'s /V4 (IPv6: /V6) at most; 32,128 shares nothing' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s 4 -l ipv4 -d 'List IPv4 networks only'
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s 6 -l ipv6 -d 'List IPv6 networks only'
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s i -l ignore-case -d 'Ignore case, as grep -i'
complete -c whodunit -n "__fish_whodunit_using_subcommand networks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l cost -d 'Look up the clients of this log, and show for each pattern how many it blocks (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l ham -d 'A log of mail that you want, with --cost: the exit code is 1 if a pattern hits it (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l extract -d 'Take from a log line: client (only the connecting host) or all (every address) [default: client]' -r -f -a "client\t'Only the connecting client'
all\t'Every valid address'"
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l trusted-proxy -d 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line\'s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l timeout -d 'Seconds for one address, all queries together [default: 10; serve: 2]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -s j -l jobs -d 'How many look-ups run at once [default: 32]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l per-server -d 'How many queries one server gets at once [default: 3]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l rate -d 'How many queries a second one server gets; 0 = no limit [default: each registry\'s own limit]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l servers -d 'A JSON file of servers that replace the built-in ones, in whois-rust\'s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities\' certificates to trust, not the server\'s own' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l rdap -d 'Ask over RDAP (HTTPS) if a registry\'s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial' -r -f -a "fallback\t'When its whois server cannot be reached or does not answer in time'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -s f -l block -d 'Patterns of networks whose mail is not wanted, as for egrep -f' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -s a -l allow -d 'Patterns of networks to let in, whatever blocks them (repeatable)' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -s e -l regexp -d 'One block pattern: a POSIX extended expression, or an @field line (repeatable)' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l cache -d 'Where answers are kept: a path, redis://host:port/db, or none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l max-age -d 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l share -d 'Use an answer for the address\'s /V4 (IPv6: /V6) at most; 32,128 shares nothing' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l against-cache -d 'Show for each pattern how many networks in the cache it matches, and which; imported ones do not count'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l unused -d 'Show which patterns match no network in the cache and in imported data'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l json -d 'Print JSON Lines: one object for each problem or pattern'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l full -d 'Ask RIPE for personal data too; its daily quota counts these'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l offline -d 'Send no queries: use only the cache and imported data'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -l refresh -d 'Ask again, whatever the cache has'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -s i -l ignore-case -d 'Ignore case, as grep -i'
complete -c whodunit -n "__fish_whodunit_using_subcommand patterns" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -l cache -d 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -s h -l help -d 'Print help'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -f -a "stats" -d 'Show the size and age of the cache, and the servers that are held off'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -f -a "list" -d 'List the cached networks, the oldest answer first; imported ones are not listed'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -f -a "forget" -d 'Remove an address or a network from the cache'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -f -a "import" -d 'Read bulk data: a registry\'s RPSL files or statistics, a table of origins, or an export'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and not __fish_seen_subcommand_from stats list forget import export" -f -a "export" -d 'Write the cached answers as JSON Lines, which `cache import` reads back'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from stats" -l cache -d 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from stats" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from stats" -l json -d 'Print one JSON object'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from list" -l cache -d 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from list" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from list" -l json -d 'Print JSON Lines: one object for each network'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from list" -l csv -d 'Print CSV: a header, then one row for each network'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from forget" -l cache -d 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from forget" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from forget" -l all -d 'Remove everything, including hold-offs and imported data'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from import" -l cache -d 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from import" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from export" -l cache -d 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from export" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand cache; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l extract -d 'Take from a log line: client (only the connecting host) or all (every address) [default: client]' -r -f -a "client\t'Only the connecting client'
all\t'Every valid address'"
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l trusted-proxy -d 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line\'s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l timeout -d 'Seconds for one address, all queries together [default: 10; serve: 2]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -s j -l jobs -d 'How many look-ups run at once [default: 32]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l per-server -d 'How many queries one server gets at once [default: 3]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l rate -d 'How many queries a second one server gets; 0 = no limit [default: each registry\'s own limit]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l servers -d 'A JSON file of servers that replace the built-in ones, in whois-rust\'s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities\' certificates to trust, not the server\'s own' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l rdap -d 'Ask over RDAP (HTTPS) if a registry\'s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial' -r -f -a "fallback\t'When its whois server cannot be reached or does not answer in time'
never\t'Never'"
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l cache -d 'Where answers are kept: a path, redis://host:port/db, or none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l max-age -d 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l share -d 'Use an answer for the address\'s /V4 (IPv6: /V6) at most; 32,128 shares nothing' -r
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l config -d 'Read only this configuration file; `none` reads none' -r -F
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l full -d 'Ask RIPE for personal data too; its daily quota counts these'
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l offline -d 'Send no queries: use only the cache and imported data'
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -l refresh -d 'Ask again, whatever the cache has'
complete -c whodunit -n "__fish_whodunit_using_subcommand warm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c whodunit -n "__fish_whodunit_using_subcommand completions" -s h -l help -d 'Print help'
complete -c whodunit -n "__fish_whodunit_using_subcommand man" -s h -l help -d 'Print help'
