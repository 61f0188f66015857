//! A headless Chromium that tests can drive, without any library: it speaks the DevTools protocol over two pipes.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::deploy::skip;

/// One browser with one page.
pub struct Browser {
    process: Child,
    commands: File,
    answers: BufReader<File>,
    session: Option<String>,
    number: u64,
    /// What it has complained about since the page was opened: errors of scripts, and what a policy has blocked.
    complaints: Vec<String>,
    /// Profile and pipes; removed with the browser.
    _folder: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser; `None`, with a line that says so, where there is no `chromium`.
    pub fn start() -> Option<Browser> {
        let version = Command::new("chromium").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if let Err(error) = version {
            skip("chromium", &error);
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (commands, answers) = (folder.path().join("commands"), folder.path().join("answers"));
        assert!(Command::new("mkfifo").args([&commands, &answers]).status().unwrap().success());
        let process = spawn(folder.path());
        // Opening a pipe waits for its other end, in the order in which the shell opens its two.
        let commands = File::options().write(true).open(commands).unwrap();
        let answers = BufReader::new(File::open(answers).unwrap());
        let mut browser =
            Browser { process, commands, answers, session: None, number: 0, complaints: Vec::new(), _folder: folder };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let session = browser.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        browser.session = session["sessionId"].as_str().map(str::to_string);
        for domain in ["Page", "Log", "Runtime"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Sets the size of the window, and whether the reader prefers dark colours.
    pub fn show_as(&mut self, width: u32, height: u32, dark: bool) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let value = if dark { "dark" } else { "light" };
        self.call(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": value}]}),
        );
    }

    /// Opens an address and waits until the page and its scripts are loaded.
    pub fn open(&mut self, address: &str) {
        self.call("Page.navigate", json!({"url": address}));
        self.wait_for(&format!("document.readyState == 'complete' && location.href.startsWith({})", json!(address)));
    }

    /// The value of a JavaScript expression; promises are waited for. It is evaluated again where the page is left meanwhile.
    pub fn value(&mut self, expression: &str) -> Value {
        let arguments = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = loop {
            match self.try_call("Runtime.evaluate", arguments.clone()) {
                Ok(answer) => break answer,
                Err(error) => {
                    assert!(error.contains("navigated") || error.contains("destroyed"), "{expression}: {error}")
                }
            }
        };
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until a JavaScript expression is true.
    pub fn wait_for(&mut self, expression: &str) {
        for _ in 0..400 {
            if self.value(expression) == json!(true) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("it never became true: {expression}");
    }

    /// Presses a key, such as `Tab`, `ArrowDown` or `a`.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "ArrowDown" => 40,
            _ => 0,
        };
        let text = if key == "Enter" {
            "\r"
        } else if key.chars().count() == 1 {
            key
        } else {
            ""
        };
        let mut event = json!({"type": "keyDown", "key": key, "windowsVirtualKeyCode": code});
        if !text.is_empty() {
            event["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", event);
        self.call("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}));
    }

    /// Types a text into what has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Chooses a file in a form, as its reader would in a dialogue.
    pub fn choose_file(&mut self, selector: &str, file: &Path) {
        let find = json!({"expression": format!("document.querySelector({})", json!(selector))});
        let field = self.call("Runtime.evaluate", find)["result"]["objectId"].clone();
        self.call("DOM.setFileInputFiles", json!({"files": [file], "objectId": field}));
    }

    /// What the browser has complained about since this was asked last.
    pub fn complaints(&mut self) -> Vec<String> {
        // Whatever came before the answer to a command has been read with it.
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))");
        std::mem::take(&mut self.complaints)
    }

    /// Sends a command and waits for its answer; of the events in between only complaints are kept.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, parameters: Value) -> Result<Value, String> {
        self.number += 1;
        let mut command = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let mut message = Vec::new();
            self.answers.read_until(0, &mut message).unwrap();
            assert_eq!(message.pop(), Some(0), "the browser ended during {method}");
            let message: Value = serde_json::from_slice(&message).unwrap();
            let event = &message["params"];
            match message["method"].as_str() {
                Some("Log.entryAdded") if event["entry"]["level"] == "error" => {
                    self.complaints.push(event["entry"].to_string());
                }
                Some("Runtime.exceptionThrown") => self.complaints.push(event.to_string()),
                _ => {}
            }
            if message["id"] == self.number {
                let error = message.get("error").map(Value::to_string);
                return error.map_or_else(|| Ok(message["result"].clone()), Err);
            }
        }
    }
}

/// The shell gives the browser its two pipes as the file descriptors 3 and 4, where it looks for them.
fn spawn(folder: &Path) -> Child {
    let script = "exec chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update \
                  --disable-sync --no-first-run --hide-scrollbars --user-data-dir=profile --remote-debugging-pipe \
                  3<commands 4>answers";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
    }
}
