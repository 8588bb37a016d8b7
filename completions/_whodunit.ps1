
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'whodunit' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'whodunit'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'whodunit' {
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'A log to take addresses from, plain or compressed')
            [CompletionResult]::new('--extract', '--extract', [CompletionResultType]::ParameterName, 'Take from a log line: client (only the connecting host) or all (every address) [default: client]')
            [CompletionResult]::new('--trusted-proxy', '--trusted-proxy', [CompletionResultType]::ParameterName, 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line''s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('--block', '--block', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--regexp', '--regexp', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour: auto, always, never [default: auto]')
            [CompletionResult]::new('--on-unknown', '--on-unknown', [CompletionResultType]::ParameterName, 'What an unknown network means: pass (exit 0), defer (75) or block (1) [default: defer]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds for one address, all queries together [default: 10; serve: 2]')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--per-server', '--per-server', [CompletionResultType]::ParameterName, 'How many queries one server gets at once [default: 3]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'How many queries a second one server gets; 0 = no limit [default: each registry''s own limit]')
            [CompletionResult]::new('--servers', '--servers', [CompletionResultType]::ParameterName, 'A JSON file of servers that replace the built-in ones, in whois-rust''s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities'' certificates to trust, not the server''s own')
            [CompletionResult]::new('--rdap', '--rdap', [CompletionResultType]::ParameterName, 'Ask over RDAP (HTTPS) if a registry''s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Where answers are kept: a path, redis://host:port/db, or none')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]')
            [CompletionResult]::new('--share', '--share', [CompletionResultType]::ParameterName, 'Use an answer for the address''s /V4 (IPv6: /V6) at most; 32,128 shares nothing')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Show every step of each look-up, from registry to verdict')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--ignore-case', '--ignore-case', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON Lines: one object for each verdict')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Print CSV: a header, then one row for each verdict')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Print how many whois lines block patterns match, as `egrep -f FILE | wc -l` does')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Print how many whois lines block patterns match, as `egrep -f FILE | wc -l` does')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing: the exit code is the result')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing: the exit code is the result')
            [CompletionResult]::new('--whois', '--whois', [CompletionResultType]::ParameterName, 'Print the whois text below each verdict, with matching lines highlighted')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Ask RIPE for personal data too; its daily quota counts these')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Send no queries: use only the cache and imported data')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask again, whatever the cache has')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('match', 'match', [CompletionResultType]::ParameterValue, 'Match patterns against whois text that you already have (no network, no cache)')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'List the owners behind a log''s traffic, ranked by hits, with activity over time')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Answer Postfix''s policy protocol, and a DNS list for other mail servers and filters')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Monitor the service, the cache, refusals and the data''s age: one line and a code')
            [CompletionResult]::new('networks', 'networks', [CompletionResultType]::ParameterValue, 'List all networks that the patterns block, for a firewall or a mail server''s tables')
            [CompletionResult]::new('patterns', 'patterns', [CompletionResultType]::ParameterValue, 'Check pattern files for mistakes, each as FILE:LINE: message')
            [CompletionResult]::new('cache', 'cache', [CompletionResultType]::ParameterValue, 'Show, clear, import or export the cache')
            [CompletionResult]::new('warm', 'warm', [CompletionResultType]::ParameterValue, 'Fill the cache from logs, at the registries'' own pace')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page (roff): `whodunit man | man -l -` shows it')
            break
        }
        'whodunit;match' {
            [CompletionResult]::new('--ip', '--ip', [CompletionResultType]::ParameterName, 'The address that the text is about: selects the record that holds it')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Taken, so that a script can give all commands the same options; with --ip the table of origins beside it is read')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('--block', '--block', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--regexp', '--regexp', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour: auto, always, never [default: auto]')
            [CompletionResult]::new('--on-unknown', '--on-unknown', [CompletionResultType]::ParameterName, 'What an unknown network means: pass (exit 0), defer (75) or block (1) [default: defer]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--ignore-case', '--ignore-case', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON Lines: one object for each verdict')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Print CSV: a header, then one row for each verdict')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Print how many whois lines block patterns match, as `egrep -f FILE | wc -l` does')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Print how many whois lines block patterns match, as `egrep -f FILE | wc -l` does')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing: the exit code is the result')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing: the exit code is the result')
            [CompletionResult]::new('--whois', '--whois', [CompletionResultType]::ParameterName, 'Print the whois text below each verdict, with matching lines highlighted')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'whodunit;report' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Group by owner, asn, abuse (the contact''s mail domain), maintainer, netname, network, registry or country [default: owner]')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Show only owners whose name this pattern matches, whatever its case, and their addresses (repeatable)')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Show this many log lines of each address, with --owner or --abuse-mail [default: 3]')
            [CompletionResult]::new('--abuse-mail', '--abuse-mail', [CompletionResultType]::ParameterName, 'Write a message to each owner''s abuse contact into this folder: look at it, then send it yourself')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Show the N rows with the most hits [default: all; on a terminal 20]')
            [CompletionResult]::new('--grep', '--grep', [CompletionResultType]::ParameterName, 'Read only the log lines that this pattern matches')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Read only lines from this time on: yesterday, today, 10:00, 2026-11-23, "2026-11-23 10:00", or an age such as 12h or 2d')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Read only lines up to this time, written as for --since')
            [CompletionResult]::new('--ham', '--ham', [CompletionResultType]::ParameterName, 'A log of mail that you want: no owner seen in it is suggested (repeatable)')
            [CompletionResult]::new('--min-hits', '--min-hits', [CompletionResultType]::ParameterName, 'Suggest only lines that stop at least this many hits [default: 3]')
            [CompletionResult]::new('--min-addresses', '--min-addresses', [CompletionResultType]::ParameterName, 'Suggest only lines that stop at least this many addresses [default: 2]')
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'Write the report as one self-contained web page, which replaces an earlier one')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour and drawing: auto, always, never [default: auto]')
            [CompletionResult]::new('--extract', '--extract', [CompletionResultType]::ParameterName, 'Take from a log line: client (only the connecting host) or all (every address) [default: client]')
            [CompletionResult]::new('--trusted-proxy', '--trusted-proxy', [CompletionResultType]::ParameterName, 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line''s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('--block', '--block', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--regexp', '--regexp', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds for one address, all queries together [default: 10; serve: 2]')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--per-server', '--per-server', [CompletionResultType]::ParameterName, 'How many queries one server gets at once [default: 3]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'How many queries a second one server gets; 0 = no limit [default: each registry''s own limit]')
            [CompletionResult]::new('--servers', '--servers', [CompletionResultType]::ParameterName, 'A JSON file of servers that replace the built-in ones, in whois-rust''s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities'' certificates to trust, not the server''s own')
            [CompletionResult]::new('--rdap', '--rdap', [CompletionResultType]::ParameterName, 'Ask over RDAP (HTTPS) if a registry''s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Where answers are kept: a path, redis://host:port/db, or none')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]')
            [CompletionResult]::new('--share', '--share', [CompletionResultType]::ParameterName, 'Use an answer for the address''s /V4 (IPv6: /V6) at most; 32,128 shares nothing')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--suggest', '--suggest', [CompletionResultType]::ParameterName, 'Print a pattern file for the owners that are not blocked yet')
            [CompletionResult]::new('--correspondents', '--correspondents', [CompletionResultType]::ParameterName, 'Suggest no owner of a server to which these logs show deliveries (such as `status=sent`)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON Lines: one object for each row')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Print CSV: a header, then one line for each row')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--ignore-case', '--ignore-case', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Ask RIPE for personal data too; its daily quota counts these')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Send no queries: use only the cache and imported data')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask again, whatever the cache has')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'whodunit;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen: inet:127.0.0.1:10045, unix:/path or dns:127.0.0.1:5354 (repeatable)')
            [CompletionResult]::new('--reject-text', '--reject-text', [CompletionResultType]::ParameterName, 'The text for a blocked client; {org} {network} {contact} {ip} {file} {line} are filled in [default: No access to hosts using this registrar: {org} ({network})]')
            [CompletionResult]::new('--on-blocked', '--on-blocked', [CompletionResultType]::ParameterName, 'The action for a blocked client: reject, defer (DEFER_IF_PERMIT) or tag (PREPEND X-Whodunit) [default: reject]')
            [CompletionResult]::new('--zone', '--zone', [CompletionResultType]::ParameterName, 'The DNS list''s zone [default: whodunit]')
            [CompletionResult]::new('--dns-allow', '--dns-allow', [CompletionResultType]::ParameterName, 'Answer only DNS clients in this network (repeatable) [default: 127.0.0.0/8 and ::1]')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Write metrics for Prometheus to this file every 15 s (node_exporter''s textfile collector)')
            [CompletionResult]::new('--on-unknown', '--on-unknown', [CompletionResultType]::ParameterName, 'What an unknown network means: pass (DUNNO), defer (DEFER_IF_PERMIT) or block (REJECT) [default: pass]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('--block', '--block', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--regexp', '--regexp', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds for one address, all queries together [default: 10; serve: 2]')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--per-server', '--per-server', [CompletionResultType]::ParameterName, 'How many queries one server gets at once [default: 3]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'How many queries a second one server gets; 0 = no limit [default: each registry''s own limit]')
            [CompletionResult]::new('--servers', '--servers', [CompletionResultType]::ParameterName, 'A JSON file of servers that replace the built-in ones, in whois-rust''s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities'' certificates to trust, not the server''s own')
            [CompletionResult]::new('--rdap', '--rdap', [CompletionResultType]::ParameterName, 'Ask over RDAP (HTTPS) if a registry''s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Where answers are kept: a path, redis://host:port/db, or none')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]')
            [CompletionResult]::new('--share', '--share', [CompletionResultType]::ParameterName, 'Use an answer for the address''s /V4 (IPv6: /V6) at most; 32,128 shares nothing')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--stdio', '--stdio', [CompletionResultType]::ParameterName, 'Use stdin and stdout, for Postfix''s spawn(8); then log to syslog, never to a descriptor')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Answer WARN instead of REJECT: nothing is rejected, and the mail log shows what would have been')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add an X-Whodunit header (PREPEND) to all accepted mail, once for each message')
            [CompletionResult]::new('--syslog', '--syslog', [CompletionResultType]::ParameterName, 'Log each decision to syslog (facility mail) instead of stderr')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--ignore-case', '--ignore-case', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Ask RIPE for personal data too; its daily quota counts these')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Send no queries: use only the cache and imported data')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask again, whatever the cache has')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'whodunit;check' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The listen address of the service: inet:HOST:PORT, unix:PATH or dns:HOST:PORT (repeatable) [default: the configuration''s `listen`]')
            [CompletionResult]::new('--zone', '--zone', [CompletionResultType]::ParameterName, 'The DNS list''s zone [default: whodunit]')
            [CompletionResult]::new('--stale', '--stale', [CompletionResultType]::ParameterName, 'Warn of imported data older than this [default: 45]')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'The cache: a path, redis://host:port/db (rediss:// with TLS), or none [default: as for look-ups]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'whodunit;networks' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The format of the list: cidr, json, csv, postfix, nft, ipset, rbldnsd, rspamd, nginx, apache, exim [default: cidr]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the list into this file; it replaces an earlier one when it is complete')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the list into this file; it replaces an earlier one when it is complete')
            [CompletionResult]::new('--max-addresses', '--max-addresses', [CompletionResultType]::ParameterName, 'Refuse a list of more IPv4 addresses than this; 0 = no limit [default: 16777216]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('--block', '--block', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--regexp', '--regexp', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Where answers are kept: a path, redis://host:port/db, or none')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]')
            [CompletionResult]::new('--share', '--share', [CompletionResultType]::ParameterName, 'Use an answer for the address''s /V4 (IPv6: /V6) at most; 32,128 shares nothing')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'List IPv4 networks only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'List IPv4 networks only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'List IPv6 networks only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'List IPv6 networks only')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--ignore-case', '--ignore-case', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'whodunit;patterns' {
            [CompletionResult]::new('--cost', '--cost', [CompletionResultType]::ParameterName, 'Look up the clients of this log, and show for each pattern how many it blocks (repeatable)')
            [CompletionResult]::new('--ham', '--ham', [CompletionResultType]::ParameterName, 'A log of mail that you want, with --cost: the exit code is 1 if a pattern hits it (repeatable)')
            [CompletionResult]::new('--extract', '--extract', [CompletionResultType]::ParameterName, 'Take from a log line: client (only the connecting host) or all (every address) [default: client]')
            [CompletionResult]::new('--trusted-proxy', '--trusted-proxy', [CompletionResultType]::ParameterName, 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line''s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds for one address, all queries together [default: 10; serve: 2]')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--per-server', '--per-server', [CompletionResultType]::ParameterName, 'How many queries one server gets at once [default: 3]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'How many queries a second one server gets; 0 = no limit [default: each registry''s own limit]')
            [CompletionResult]::new('--servers', '--servers', [CompletionResultType]::ParameterName, 'A JSON file of servers that replace the built-in ones, in whois-rust''s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities'' certificates to trust, not the server''s own')
            [CompletionResult]::new('--rdap', '--rdap', [CompletionResultType]::ParameterName, 'Ask over RDAP (HTTPS) if a registry''s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('--block', '--block', [CompletionResultType]::ParameterName, 'Patterns of networks whose mail is not wanted, as for egrep -f')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Patterns of networks to let in, whatever blocks them (repeatable)')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--regexp', '--regexp', [CompletionResultType]::ParameterName, 'One block pattern: a POSIX extended expression, or an @field line (repeatable)')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Where answers are kept: a path, redis://host:port/db, or none')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]')
            [CompletionResult]::new('--share', '--share', [CompletionResultType]::ParameterName, 'Use an answer for the address''s /V4 (IPv6: /V6) at most; 32,128 shares nothing')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--against-cache', '--against-cache', [CompletionResultType]::ParameterName, 'Show for each pattern how many networks in the cache it matches, and which; imported ones do not count')
            [CompletionResult]::new('--unused', '--unused', [CompletionResultType]::ParameterName, 'Show which patterns match no network in the cache and in imported data')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON Lines: one object for each problem or pattern')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Ask RIPE for personal data too; its daily quota counts these')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Send no queries: use only the cache and imported data')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask again, whatever the cache has')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('--ignore-case', '--ignore-case', [CompletionResultType]::ParameterName, 'Ignore case, as grep -i')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'whodunit;cache' {
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Show the size and age of the cache, and the servers that are held off')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the cached networks, the oldest answer first; imported ones are not listed')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Remove an address or a network from the cache')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Read bulk data: a registry''s RPSL files or statistics, a table of origins, or an export')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the cached answers as JSON Lines, which `cache import` reads back')
            break
        }
        'whodunit;cache;stats' {
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'whodunit;cache;list' {
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON Lines: one object for each network')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Print CSV: a header, then one row for each network')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'whodunit;cache;forget' {
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Remove everything, including hold-offs and imported data')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'whodunit;cache;import' {
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'whodunit;cache;export' {
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else ~/.cache/whodunit]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'whodunit;warm' {
            [CompletionResult]::new('--extract', '--extract', [CompletionResultType]::ParameterName, 'Take from a log line: client (only the connecting host) or all (every address) [default: client]')
            [CompletionResult]::new('--trusted-proxy', '--trusted-proxy', [CompletionResultType]::ParameterName, 'A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line''s client is one and the line has a forwarded-for list, the client is the last address in the list that is not trusted')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds for one address, all queries together [default: 10; serve: 2]')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups run at once [default: 32]')
            [CompletionResult]::new('--per-server', '--per-server', [CompletionResultType]::ParameterName, 'How many queries one server gets at once [default: 3]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'How many queries a second one server gets; 0 = no limit [default: each registry''s own limit]')
            [CompletionResult]::new('--servers', '--servers', [CompletionResultType]::ParameterName, 'A JSON file of servers that replace the built-in ones, in whois-rust''s form: {"whois.ripe.net": {"host": "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities'' certificates to trust, not the server''s own')
            [CompletionResult]::new('--rdap', '--rdap', [CompletionResultType]::ParameterName, 'Ask over RDAP (HTTPS) if a registry''s whois server cannot be reached or does not answer in time: fallback, never [default: fallback]. RDAP never follows a denial')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Where answers are kept: a path, redis://host:port/db, or none')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Use no cached answers older than this: 14d, 12h, 30m [default: 14d]')
            [CompletionResult]::new('--share', '--share', [CompletionResultType]::ParameterName, 'Use an answer for the address''s /V4 (IPv6: /V6) at most; 32,128 shares nothing')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read only this configuration file; `none` reads none')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Ask RIPE for personal data too; its daily quota counts these')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Send no queries: use only the cache and imported data')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask again, whatever the cache has')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'whodunit;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'whodunit;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
