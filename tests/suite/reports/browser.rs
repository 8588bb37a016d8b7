//! A web browser without a window, controlled over two pipes (the Chrome DevTools Protocol).

use crate::jig::Room;
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

/// The paths in Chromium's packages.
const PATHS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/// The fonts for pictures, whatever else a machine has.
const FONTS: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSerif-Bold.ttf";
/// A browser that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running browser with one page open. Dropping it ends the browser.
pub(super) struct Browser {
    child: Child,
    watch: Option<Sender<()>>,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    number: u64,
}

impl Browser {
    /// Starts the installed browser. If there is none, it returns None with a message; in CI that is a failure.
    pub(super) fn start(room: &Room) -> Option<Self> {
        let program = PATHS.iter().find(|path| Path::new(path).exists());
        let (Some(program), true) = (program, Path::new(FONTS).exists()) else {
            let what = "chromium and fonts-dejavu-core";
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what} are not installed");
            let _ = writeln!(std::io::stderr(), "SKIPPED: {what} are not installed");
            return None;
        };
        let pipes = ["to-browser", "from-browser"].map(|name| room.path(name));
        for pipe in &pipes {
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }
        let [to, from] = &pipes;
        let child = Command::new("/bin/sh")
            .args(["-c", r#"in=$1 out=$2; shift 2; exec "$@" 3<"$in" 4>"$out""#, "sh"])
            .args([to, from])
            .arg(program)
            .args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--font-render-hinting=none"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            // The browser reaches no other host.
            .args(["--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"])
            .arg(format!("--user-data-dir={}", room.path("browser").display()))
            .env("HOME", room.path("../home"))
            .env("TMPDIR", room.path("."))
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let watch = Some(watch(child.id()));
        let to = OpenOptions::new().write(true).open(to).unwrap();
        let from = BufReader::new(File::open(from).unwrap());
        let mut browser = Self { child, watch, to, from, session: None, number: 0 };
        let page = browser.tell("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.tell("Target.attachToTarget", &attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        browser.tell("Page.enable", &json!({}));
        Some(browser)
    }

    /// Opens a file in a window of this width, with a light or dark colour scheme.
    pub(super) fn open(&mut self, page: &Path, width: u32, scheme: &str) {
        self.size(width, 900);
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tell("Emulation.setEmulatedMedia", &media);
        self.go(&format!("file://{}", page.display()));
    }

    fn size(&mut self, width: u32, height: u64) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.tell("Emulation.setDeviceMetricsOverride", &metrics);
    }

    fn go(&mut self, url: &str) {
        self.tell("Page.navigate", &json!({"url": url}));
        while self.next()["method"] != "Page.loadEventFired" {}
    }

    /// The value of an expression in the page.
    pub(super) fn value(&mut self, expression: &str) -> Value {
        let evaluate = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let said = self.tell("Runtime.evaluate", &evaluate);
        assert!(said["exceptionDetails"].is_null(), "{}", said["exceptionDetails"]);
        said["result"]["value"].clone()
    }

    /// The whole page as a PNG file in base64.
    pub(super) fn screenshot(&mut self, width: u32) -> String {
        let height = self.value("document.documentElement.scrollHeight").as_u64().unwrap();
        self.size(width, height);
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let shot = self.tell("Page.captureScreenshot", &json!({"format": "png", "clip": clip}));
        self.size(width, 900);
        shot["data"].as_str().unwrap().to_owned()
    }

    /// An empty page, which may run scripts.
    pub(super) fn blank(&mut self) {
        self.go("data:text/html,<p>");
    }

    fn tell(&mut self, method: &str, params: &Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(b"\0").unwrap();
        loop {
            let said = self.next();
            if said["id"] == self.number {
                assert!(said["error"].is_null(), "{method}: {}", said["error"]);
                return said["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser ended, or hung for {PATIENCE:?} and was ended");
        serde_json::from_slice(&bytes).unwrap()
    }
}

/// Ends a browser that hangs, so that waiting tests continue. Nothing happens once the sender is dropped.
fn watch(process: u32) -> Sender<()> {
    let (stop, stopped) = channel();
    thread::spawn(move || {
        if stopped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            drop(Command::new("kill").args(["-9", &process.to_string()]).status());
        }
    });
    stop
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.watch.take();
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
