//! The programs that fail2ban starts: the two scripts, and the action's command lines.

use super::*;

fn run(world: &World, script: &str, args: &[&str]) -> (i32, String) {
    let mut command = Command::new(integrations("fail2ban").join(script));
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("WHODUNIT", world.script_for_program());
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn names_the_network_to_ban_unless_it_is_a_providers() {
    let world = World::new();
    let networks = |args: &[&str]| run(&world, "whodunit-networks", args);
    assert_eq!(networks(&[BLOCKED]), (0, "193.0.20.0/24\n".into()));
    assert_eq!(networks(&[BLOCKED, "25"]), (0, format!("{BLOCKED}\n")), "larger than allowed");
    assert_eq!(networks(&[BLOCKED6]), (0, "2a00:db8::/32\n".into()));
    assert_eq!(networks(&[BLOCKED6, "20", "48"]), (0, format!("{BLOCKED6}\n")));
    assert_eq!(networks(&[HOSTILE]), (0, "193.0.28.0/24\n".into()));
    assert_eq!(networks(&["127.0.0.1"]).1.lines().count(), 1);
    // `fail2ban-client set JAIL banip 192.0.2.0/24`
    for network in ["192.0.2.0/24", "193.0.20.0/22", "2001:db8::/32"] {
        assert_eq!(networks(&[network]), (0, format!("{network}\n")));
    }
    for bad in [
        "",
        "$(reboot)",
        "193.0.20.9; reboot",
        "-h",
        "192.0.2.0/24/8",
        "192.0.2.0/",
        "/24",
        "192.0.2.0/x",
        "$(x)/8",
    ] {
        assert_eq!(networks(&[bad]), (64, String::new()), "{bad}");
    }
}

#[test]
fn leaves_the_owners_of_a_list_alone_and_nobody_else() {
    let world = World::new();
    let list = world.text("blocked");
    let ignores = |address| run(&world, "whodunit-ignore", &[&list, address]).0 == 0;
    assert!(ignores(BLOCKED));
    assert!(ignores(BLOCKED6));
    assert!(!ignores(CLEAR));
    assert!(!ignores(SILENT), "who cannot be looked up is banned like anybody");
    assert!(!ignores("no address"));
    world.write("blocked", "(\n");
    assert!(!ignores(BLOCKED), "a list that cannot be read leaves nobody alone");
}

#[test]
fn the_hosts_configuration_decides_nothing() {
    let world = World::new();
    let list = world.text("blocked");
    let home = world.text("home");
    let program = world.script_for_program();
    // Like a program that finds a configuration on its host.
    let program = world.script("at-home", &format!("#!/bin/sh\nHOME='{home}' exec '{program}' \"$@\"\n"));
    let ignores = |address: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new(integrations("fail2ban/whodunit-ignore"));
        command.args([&list[..], address]).env_clear().env("PATH", "/usr/bin:/bin").env("WHODUNIT", &program);
        command.envs(variables.iter().copied()).output().unwrap().status.success()
    };
    let everybody = world.write("everybody", ".\n");
    for hostile in [
        "on-unknown = \"block\"\n".to_owned(),
        format!("allow = {everybody:?}\n"),
        format!("block = {everybody:?}\nregexp = \".\"\n"),
        "offline = true\n".to_owned(),
        "this is no configuration\n".to_owned(),
    ] {
        world.write("home/.config/whodunit/config.toml", &hostile);
        assert!(ignores(BLOCKED, &[]), "{hostile}");
        assert!(!ignores(CLEAR, &[]), "{hostile}");
        // A silent registry takes seconds.
        assert!(!hostile.contains("unknown") || !ignores(SILENT, &[]), "{hostile}");
    }
    let everybody = everybody.to_str().unwrap();
    for hostile in [("WHODUNIT_ON_UNKNOWN", "block"), ("WHODUNIT_ALLOW", everybody), ("WHODUNIT_REGEXP", ".")]
    {
        assert!(ignores(BLOCKED, &[hostile]), "{hostile:?}");
        assert!(!ignores(CLEAR, &[hostile]), "{hostile:?}");
        assert!(hostile.1 != "block" || !ignores(SILENT, &[hostile]), "{hostile:?}");
    }
}

/// Makes fail2ban itself read the action, and start it, ban, unban and stop it: FOLDER NETWORKS BANTIME ADDRESS...
const FAIL2BAN: &str = r"
import sys
from fail2ban.client.actionreader import ActionReader
from fail2ban.server.action import CommandAction
from fail2ban.server.ipdns import IPAddr
folder, networks, bantime = sys.argv[1:4]
options = {'name': 'postfix', 'bantime': bantime, 'networks': networks}
reader = ActionReader('whodunit', 'postfix', options, basedir=folder)
assert reader.read()
reader.getOptions({})
action = CommandAction(None, 'whodunit')
for name, value in reader.getCombined().items(): setattr(action, name, value)
action.start()
for do in action.ban, action.unban:
    for ip in map(IPAddr, sys.argv[4:]):
        do({'ip': ip, 'family': ip.familyStr, 'bantime': int(bantime), 'time': 0, 'failures': 3, 'matches': ''})
action.stop()
";

/// The folder with fail2ban's own modules; an unpacked package serves like an installed one.
fn fail2ban() -> Option<PathBuf> {
    let modules = "usr/lib/python3/dist-packages/fail2ban";
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fail2ban").join(modules);
    let found = installed("fail2ban", &[Path::new("/").join(modules), unpacked])?;
    Some(found.parent().unwrap().to_owned())
}

/// The calls of the firewall's programs by the action, one on each line.
fn done(world: &World, fail2ban: &Path, bantime: &str) -> Vec<String> {
    for name in ["ipset", "iptables", "ip6tables"] {
        world.script(
            &format!("bin/{name}"),
            &format!("#!/bin/sh\necho {name} \"$@\" >>'{}'\n", world.text("done")),
        );
    }
    world.write(
        "etc/action.d/whodunit.conf",
        &fs::read_to_string(integrations("fail2ban/whodunit.conf")).unwrap(),
    );
    let mut command = Command::new("python3");
    command.args(["-c", FAIL2BAN, &world.text("etc")]).arg(integrations("fail2ban/whodunit-networks"));
    command.args([bantime, BLOCKED, BLOCKED6]).env_clear().env("PYTHONPATH", fail2ban);
    command.env("PATH", format!("{}:/usr/bin:/bin", world.text("bin")));
    let output = command.env("WHODUNIT", world.script_for_program()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
    let done = fs::read_to_string(world.path("done")).unwrap();
    fs::remove_file(world.path("done")).unwrap();
    done.lines().map(str::to_owned).collect()
}

#[test]
fn fail2ban_bans_in_the_sets_that_it_made() {
    let Some(fail2ban) = fail2ban() else { return };
    let world = World::new();
    let done = done(&world, &fail2ban, "600");
    let mut expected = vec![
        "ipset -exist create whodunit-inet4 hash:net family inet timeout 0".to_owned(),
        "ipset -exist create whodunit-inet6 hash:net family inet6 timeout 0".to_owned(),
    ];
    let rule = |program: &str, what: &str, set: &str| {
        let ports = "-m multiport --dports smtp,submission,submissions";
        format!("{program} -w {what} INPUT -p tcp {ports} -m set --match-set {set} src -j DROP")
    };
    expected.extend([rule("iptables", "-I", "whodunit-inet4"), rule("ip6tables", "-I", "whodunit-inet6")]);
    expected.extend(
        [
            "-exist add whodunit-inet4 193.0.20.0/24 timeout 600",
            "-exist add whodunit-inet6 2a00:db8::/32 timeout 600",
            "-exist del whodunit-inet4 193.0.20.0/24",
            "-exist del whodunit-inet6 2a00:db8::/32",
        ]
        .map(|line| format!("ipset {line}")),
    );
    expected.extend([rule("iptables", "-D", "whodunit-inet4"), rule("ip6tables", "-D", "whodunit-inet6")]);
    expected.extend(["ipset destroy whodunit-inet4".to_owned(), "ipset destroy whodunit-inet6".to_owned()]);
    assert_eq!(done, expected);
}

#[test]
fn a_ban_for_ever_is_one_that_ipset_takes() {
    let Some(fail2ban) = fail2ban() else { return };
    let world = World::new();
    for bantime in ["-1", "99999999"] {
        let done = done(&world, &fail2ban, bantime);
        let line = "ipset -exist add whodunit-inet4 193.0.20.0/24 timeout 0";
        assert!(done.iter().any(|done| done == line), "{bantime}: {done:?}");
    }
}

/// Without fail2ban: the same names, with the values that it would fill in.
#[test]
fn the_action_puts_every_network_into_the_set() {
    let world = World::new();
    let action = fs::read_to_string(integrations("fail2ban/whodunit.conf")).unwrap();
    let value = |key: &str| action.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let ipset = world.script("ipset", &format!("#!/bin/sh\necho \"$@\" >>'{}'\n", world.text("said")));
    for (address, network, family) in
        [(BLOCKED, "193.0.20.0/24", "inet4"), (BLOCKED6, "2a00:db8::/32", "inet6")]
    {
        assert!(action.contains(&format!("ipset -exist create <set>-{family} hash:net")), "{family}");
        for (key, wanted) in [
            ("actionban = ", format!("-exist add whodunit-{family} {network} timeout 600\n")),
            ("actionunban = ", format!("-exist del whodunit-{family} {network}\n")),
        ] {
            let line = value(key)
                .replace("<networks>", integrations("fail2ban/whodunit-networks").to_str().unwrap())
                .replace("<ip>", address)
                .replace("<set>", "whodunit")
                .replace("<family>", family)
                .replace("<forget>", value("forget = "))
                .replace("<bantime>", "600")
                .replace("ipset", &ipset);
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &line]).env("WHODUNIT", world.script_for_program());
            assert!(shell.status().unwrap().success());
            assert_eq!(fs::read_to_string(world.path("said")).unwrap(), wanted);
            fs::remove_file(world.path("said")).unwrap();
        }
    }
}
