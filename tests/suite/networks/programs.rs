//! Each format, loaded by its program, as integrations/networks/README.md shows it.

use crate::jig::{PROGRAM, Room, skip};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const DUMP: &str = "inetnum: 45.10.0.0 - 45.10.255.255\nnetname: OUTER\norg: ORG-C1-RIPE\ncountry: DE\nstatus: ALLOCATED PA\n\
source: RIPE\n\ninetnum: 45.10.4.0 - 45.10.4.255\nnetname: HOLE\ndescr: Someone else\ncountry: AT\nstatus: ASSIGNED PA\n\
source: RIPE\n\ninetnum: 45.11.0.0 - 45.11.0.255\nnetname: OTHER\ndescr: Contoso $client %s `id` \"x\" \\\ncountry: AT\n\
status: ASSIGNED PA\nsource: RIPE\n\ninet6num: 2a10:1::/32\nnetname: SIX\ndescr: Contoso GmbH\ncountry: DE\n\
status: ALLOCATED-BY-RIR\nsource: RIPE\n\norganisation: ORG-C1-RIPE\norg-name: Contoso GmbH\nsource: RIPE\n";

/// Addresses that are blocked, and one that is not.
const BLOCKED: [&str; 3] = ["45.10.0.9", "45.11.0.7", "2a10:1::5"];
const CLEAR: &str = "45.10.4.9";

/// The program, if it is installed; None is a failure in CI.
fn program(name: &str) -> Option<PathBuf> {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/exim/usr/sbin");
    let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from);
    let found =
        folders.into_iter().chain([unpacked]).map(|folder| folder.join(name)).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{name} is not installed");
        skip(name);
    }
    found
}

/// A block of the README, with the room's list instead of the admin's.
fn block(language: &str, list: &Path) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations/networks/README.md");
    let text = fs::read_to_string(path).unwrap();
    let inside = text.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    let inside = inside.unwrap_or_else(|| panic!("no {language} block"));
    let name = format!("/etc/whodunit/networks.{}", list.extension().unwrap().to_str().unwrap());
    inside.replace(&name, list.to_str().unwrap())
}

/// A list of this format, in a room of its own.
fn list(form: &str, options: &[&str], extension: &str) -> (Room, PathBuf) {
    let room = Room::with(&[("blocked", "Contoso\n"), ("dump", DUMP)]);
    room.run(["cache", "import", "dump"]).cache("c.db").code(0).check();
    let name = format!("networks.{extension}");
    let run = room.run(["networks", "-f", "blocked", "--format", form, "-o", name.as_str()]).args(options);
    run.cache("c.db").any_stderr().code(0).check();
    for folder in [room.path(".."), room.path(".")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = fs::canonicalize(room.path(&name)).unwrap();
    (room, path)
}

fn ran(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}{said}", String::from_utf8_lossy(&output.stdout));
    output
}

/// A shell in a network namespace of its own; None if this machine has none for its users.
fn apart(script: &str) -> Option<Output> {
    let run = |script: &str| Command::new("unshare").args(["-rn", "sh", "-c", script]).output();
    if !run("true").is_ok_and(|output| output.status.success()) {
        skip("network namespaces");
        return None;
    }
    Some(run(script).unwrap())
}

#[test]
fn postfix_answers_from_the_table() {
    let Some(postmap) = program("postmap") else { return };
    let (room, path) = list("postfix", &[], "cidr");
    let main = block("main.cf", &path);
    let table = main.split_whitespace().find(|word| word.starts_with("cidr:")).unwrap();
    room.write("main.cf", "compatibility_level = 3.6\n");
    let ask = |address: &str| {
        let mut command = Command::new(&postmap);
        let output = command.arg("-c").arg(room.path(".")).args(["-q", address, table]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for address in BLOCKED {
        let said = ask(address);
        assert!(
            said.starts_with("REJECT No access to hosts using this registrar: Contoso "),
            "{address}: {said}"
        );
        assert!(said.is_ascii() && !said.contains(['$', '%', '`', '"', '\\']), "{said}");
    }
    assert_eq!(ask(CLEAR), "");
    assert!(block("postscreen.cf", &path).contains(table));
}

#[test]
fn nft_loads_the_sets_and_again_and_the_rules_that_use_them() {
    let Some(nft) = program("nft") else { return };
    let (room, path) = list("nft", &[], "nft");
    let rules = room.write("rules.nft", block("nft", &path));
    let (nft, list, rules) = (nft.display(), path.display(), rules.display());
    let script =
        format!("{nft} -f {list} && {nft} -f {rules} && {nft} -f {list} && {nft} list table inet whodunit");
    let Some(output) = apart(&script) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("45.11.0.0/24") && said.contains("2a10:1::/32") && said.contains("@blocked4 drop"),
        "{said}"
    );
}

#[test]
fn ipset_restores_the_sets_and_again() {
    let Some(ipset) = program("ipset") else { return };
    let (_room, path) = list("ipset", &[], "ipset");
    let command = block("ipset", &path).replace("ipset restore", &format!("{} restore", ipset.display()));
    let tests = format!(
        "{0} test whodunit4 {1} && {0} test whodunit6 {2} && ! {0} test whodunit4 {CLEAR}",
        ipset.display(),
        BLOCKED[0],
        BLOCKED[2]
    );
    let Some(output) = apart(&format!("{command}{command}{tests}")) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("Kernel error") || said.contains("Operation not permitted") {
        return skip("ipset in its kernel");
    }
    assert!(output.status.success(), "{said}");
}

#[test]
fn rbldnsd_answers_dig() {
    let (Some(rbldnsd), Some(dig)) = (program("rbldnsd"), program("dig")) else { return };
    let (room, path) = list("rbldnsd", &[], "ip4");
    let args = ["networks", "-f", "blocked", "--format", "rbldnsd", "-6", "-o", "networks.ip6"];
    room.run(args).cache("c.db").any_stderr().code(0).check();
    let zones: Vec<String> = block("rbldnsd", &path).lines().map(str::to_owned).collect();
    let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(rbldnsd);
    command
        .args(["-n", "-u", "nobody", "-b", &format!("127.0.0.1/{port}"), "-w"])
        .arg(path.parent().unwrap());
    let mut child = command.args(zones).stdout(std::process::Stdio::null()).spawn().unwrap();
    let ask = |name: &str| {
        let name = format!("{name}.bl.whodunit.example");
        let port = port.to_string();
        let args = ["+short", "+time=1", "+tries=2", "@127.0.0.1", "-p", &port, &name, "TXT"];
        String::from_utf8(Command::new(&dig).args(args).output().unwrap().stdout).unwrap()
    };
    let ready = (0..60).any(|_| {
        ask("9.0.10.45").starts_with('"') || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            false
        }
    });
    let six = "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.1.a.2";
    let told = [ask("9.0.10.45"), ask("7.0.11.45"), ask(six), ask("9.4.10.45")];
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready, "rbldnsd does not answer");
    assert_eq!(told[0], "\"45.10.0.9 blocked: Contoso GmbH\"\n");
    assert!(told[1].starts_with("\"45.11.0.7 blocked: Contoso ?client ?s"), "{}", told[1]);
    assert!(told[2].ends_with("blocked: Contoso GmbH\"\n"), "{}", told[2]);
    assert_eq!(told[3], "");
}

#[test]
fn rspamd_takes_the_map() {
    let Some(rspamadm) = program("rspamadm") else { return };
    let (room, path) = list("rspamd", &[], "rspamd");
    let main = format!(".include \"/etc/rspamd/rspamd.conf\"\n{}", block("rspamd", &path));
    let conf = room.write("rspamd.conf", main);
    // Its own configuration names servers that it would look up.
    let Some(output) = apart(&format!("{} configtest -c {}", rspamadm.display(), conf.display())) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("syntax OK"), "{said}");
}

#[test]
fn nginx_and_apache_take_the_lines() {
    if let Some(nginx) = program("nginx") {
        let (room, path) = list("nginx", &[], "nginx");
        let geo = block("nginx", &path);
        let folder = path.parent().unwrap().display();
        let conf = room.write("nginx.conf", format!(
            "pid {folder}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off;\n{geo}\nserver {{ listen 127.0.0.1:18080; \
             if ($whodunit_blocked) {{ return 403; }} }} }}\n"
        ));
        ran(Command::new(nginx).arg("-t").arg("-c").arg(conf).arg("-p").arg(path.parent().unwrap()));
    }
    if let Some(apache) = program("apache2") {
        let (room, path) = list("apache", &[], "apache");
        let folder = path.parent().unwrap().display();
        let modules = ["mpm_event", "authz_core", "authz_host"]
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"));
        let conf = room.write("apache.conf", format!(
            "ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/log\n{}<Location \"/\">\n{}</Location>\n",
            modules.concat(),
            block("apache", &path)
        ));
        ran(Command::new(apache).arg("-t").arg("-f").arg(conf));
    }
}

#[test]
fn exim_finds_addresses_in_the_file() {
    let Some(exim) = program("exim4") else { return };
    let (room, path) = list("exim", &[], "exim");
    assert!(block("exim", &path).contains(&format!("net-iplsearch;{}", path.display())));
    let conf = room.write("exim.conf", "");
    let ask = |address: &str| {
        let lookup = format!("${{lookup{{{address}}}iplsearch{{{}}}{{$value}}{{none}}}}", path.display());
        let output = ran(Command::new(&exim).arg("-C").arg(&conf).args(["-be", &lookup]));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(ask(BLOCKED[0]), "blocked: Contoso GmbH\n");
    assert!(ask(BLOCKED[1]).starts_with("blocked: Contoso ?client ?s"));
    assert_eq!(ask(BLOCKED[2]), "blocked: Contoso GmbH\n");
    assert_eq!(ask(CLEAR), "none\n");
}

#[test]
fn systemd_and_fail2ban_run_what_is_shown() {
    let (room, path) = list("nft", &[], "nft");
    let service = block("service", &path)
        .replace("/usr/bin/whodunit", PROGRAM)
        .replace("/etc/whodunit/blocked", "blocked");
    let line = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    room.run(words).cache("c.db").any_stderr().code(0).check();
    assert!(block("timer", &path).contains("OnCalendar=daily"));
    room.write("wanted", "Someone\n");
    let shown = block("fail2ban", &path).replace("/etc/whodunit/wanted", "wanted");
    let words: Vec<&str> = shown.split('|').next().unwrap().split_whitespace().skip(1).collect();
    let listed = room.run(words).cache("c.db").any_stderr().code(0).check().stdout;
    assert!(listed.ends_with("\n45.10.4.0/24\n"), "{listed}");
}
