//! What fail2ban starts: the two scripts, and the action's command lines.

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
    for bad in ["", "$(reboot)", "193.0.20.9; reboot", "-h"] {
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
fn the_action_puts_every_network_into_the_set() {
    let world = World::new();
    let action = fs::read_to_string(integrations("fail2ban/whodunit.conf")).unwrap();
    let ipset = world.script("ipset", &format!("#!/bin/sh\necho \"$@\" >>'{}'\n", world.text("said")));
    for (key, wanted) in [
        ("actionban = ", "-exist add whodunit-inet 193.0.20.0/24 timeout 600\n"),
        ("actionunban = ", "-exist del whodunit-inet 193.0.20.0/24\n"),
    ] {
        let line = action.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        let line = line
            .replace("<networks>", integrations("fail2ban/whodunit-networks").to_str().unwrap())
            .replace("<ip>", BLOCKED)
            .replace("<set>", "whodunit")
            .replace("<family>", "inet")
            .replace("<bantime>", "600")
            .replace("ipset", &ipset);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &line]).env("WHODUNIT", world.script_for_program());
        assert!(shell.status().unwrap().success());
        assert_eq!(fs::read_to_string(world.path("said")).unwrap(), wanted);
        fs::remove_file(world.path("said")).unwrap();
    }
}
