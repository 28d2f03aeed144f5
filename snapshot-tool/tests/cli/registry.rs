//! `push` and `pull`, with a registry that says what a test wants: what is not a program, what is
//! damaged, who may not. A real one is in `tests/registries`.

use crate::sandbox::{NOTHING, Ran, Sandbox, read};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What the registry is asked: `GET /v2/...`, and who asks.
struct Asked {
    line: String,
    authorization: String,
    body: Vec<u8>,
}

/// What it answers.
#[derive(Clone, Default)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// How many bytes it says that follow, if not those that do.
    told_len: Option<usize>,
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status, body: body.into(), ..Answer::default() }
}

/// A registry that answers by a function, on a thread that ends with the test's process.
fn registry(answers: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let answers = Arc::clone(&answers);
            // The client may leave at any time.
            std::thread::spawn(move || serve(stream.unwrap(), &*answers).ok());
        }
    });
    host
}

fn serve(stream: TcpStream, answers: &dyn Fn(&Asked) -> Answer) -> std::io::Result<()> {
    let mut from = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    from.read_line(&mut line)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        from.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let len = headers.get("content-length").map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    from.read_exact(&mut body)?;
    let authorization = headers.remove("authorization").unwrap_or_default();
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let given = answers(&Asked { line, authorization, body });
    let len = given.told_len.unwrap_or(given.body.len());
    let mut out = stream;
    write!(out, "HTTP/1.1 {} x\r\nContent-Length: {len}\r\nConnection: close\r\n", given.status)?;
    for (name, value) in given.headers {
        write!(out, "{name}: {value}\r\n")?;
    }
    out.write_all(b"\r\n")?;
    out.write_all(&given.body)
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The manifest of an artifact with these bytes as its program.
fn manifest(program: &[u8]) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": { "mediaType": "application/vnd.wasm.config.v0+json", "digest": digest(b"{}"), "size": 2 },
        "layers": [{ "mediaType": "application/wasm", "digest": digest(program), "size": program.len() }],
    })
}

/// A registry with these manifests, by tag or digest, and this blob, whatever digest is asked for.
fn with(manifests: Vec<(String, Vec<u8>)>, blob: Answer) -> String {
    registry(move |asked| {
        let path = asked.line.rsplit('/').next().unwrap();
        if asked.line == "GET /v2/" {
            return answer(200, "{}");
        }
        if asked.line.contains("/blobs/") {
            return blob.clone();
        }
        match manifests.iter().find(|(name, _)| name == path) {
            Some((_, bytes)) => answer(200, bytes.clone()),
            None => answer(
                404,
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
            ),
        }
    })
}

/// Pulls `app:1` of a registry into `out.wasm`.
fn pull(sandbox: &Sandbox, host: &str, rest: &str) -> Ran {
    let config = sandbox.path("docker");
    let env = [("DOCKER_CONFIG", config.to_str().unwrap())];
    sandbox.tool_with(&["pull", &format!("{host}/{rest}"), "-o", "out.wasm"], &env, b"")
}

#[test]
fn what_is_no_program_or_damaged_is_refused() {
    let sandbox = Sandbox::new();
    let program = wat::parse_str(NOTHING).unwrap();
    let changed = |pointer: &str, value: Value| {
        let mut manifest = manifest(&program);
        *manifest.pointer_mut(pointer).unwrap() = value;
        manifest.to_string()
    };
    let good = manifest(&program).to_string();
    let index = |platforms: &[&str]| {
        let entry = |architecture: &&str| {
            json!({
                "mediaType": OCI_MANIFEST, "digest": digest(good.as_bytes()), "size": good.len(),
                "platform": { "architecture": architecture, "os": "x" },
            })
        };
        let entries: Vec<Value> = platforms.iter().map(entry).collect();
        json!({ "schemaVersion": 2, "manifests": entries }).to_string()
    };
    let whole = || answer(200, program.clone());
    let other = vec![b'x'; program.len()];
    let two = json!(vec![manifest(&program)["layers"][0].clone(); 2]);
    let cut = Answer { told_len: Some(program.len()), ..answer(200, &program[..20]) };
    let rows: [(&str, String, Answer, &str); 17] = [
        (
            "image",
            changed("/config/mediaType", json!("application/vnd.oci.image.config.v1+json")),
            whole(),
            "it is an image of a container: pull it with skopeo or docker, and pack its files with --oci",
        ),
        (
            "docker's image",
            changed("/config/mediaType", json!("application/vnd.docker.container.image.v1+json")),
            whole(),
            "it is an image of a container",
        ),
        (
            "other artifact",
            changed("/config/mediaType", json!("application/vnd.cncf.helm.config.v1+json\u{1b}")),
            whole(),
            "of type `application/vnd.cncf.helm.config.v1+json\\033`: it is another kind of artifact",
        ),
        ("two layers", changed("/layers", two), whole(), "it has 2 layers, where"),
        ("no layers", changed("/layers", json!(null)), whole(), "it has 0 layers, where"),
        (
            "other layer",
            changed("/layers/0/mediaType", json!("application/vnd.oci.image.layer.v1.tar")),
            whole(),
            "its layer is of type `application/vnd.oci.image.layer.v1.tar`, where a program is",
        ),
        ("no JSON", "{".to_owned(), whole(), "/app:1` is damaged, or something else"),
        ("HTML", "<html>".to_owned(), whole(), "/app:1` is damaged, or something else"),
        ("deep", "[".repeat(100_000), whole(), "/app:1` is damaged, or something else"),
        (
            "long",
            format!("{good}{}", " ".repeat(5 << 20)),
            whole(),
            "more than the 4194304 of any registry",
        ),
        (
            "a digest that is a path",
            changed("/layers/0/digest", json!("sha256:../../../etc/passwd")),
            whole(),
            "has not 64 lower-case hexadecimal digits",
        ),
        ("other bytes", good.clone(), answer(200, other), "the program in `"),
        ("longer", good.clone(), answer(200, [&program[..], b"x"].concat()), "is longer than the"),
        (
            "shorter",
            good.clone(),
            answer(200, &program[..20]),
            "has 20 bytes, where 95 were promised",
        ),
        ("cut", good.clone(), cut, "broke after 20 of"),
        ("no blob", good.clone(), answer(404, "{}"), "has nothing there; check the name"),
        (
            "images",
            index(&["amd64", "arm64"]),
            whole(),
            "index of 2 images, none of which is for `wasm`",
        ),
    ];
    sandbox.file("out.wasm", "old");
    for (what, manifest, blob, expected) in rows {
        let host = with(vec![("1".to_owned(), manifest.into_bytes())], blob);
        let ran = pull(&sandbox, &host, "app:1");
        assert!(ran.error().contains(expected), "{what}: {}", ran.error());
        assert_eq!(read(sandbox.path("out.wasm")), b"old", "{what}");
        assert_eq!(sandbox.names("."), ["out.wasm"], "{what}");
    }
    // Nothing that was not verified goes where it cannot be taken back.
    let manifests = vec![("1".to_owned(), good.clone().into_bytes())];
    let host = with(manifests.clone(), answer(200, vec![b'x'; program.len()]));
    let ran = sandbox.tool(&["pull", &format!("{host}/app:1"), "-o", "-"]);
    assert!(ran.error().contains("the program in `") && ran.stdout.is_empty());
    let host = with(manifests, whole());
    let ran = sandbox.tool(&["pull", &format!("{host}/app:1"), "-o", "-"]).ok();
    assert_eq!(ran.stdout, program);
    // By a digest that is another's; and through an index with one program.
    let wrong = digest(b"");
    let host = with(vec![(wrong.clone(), good.clone().into_bytes())], whole());
    let ran = pull(&sandbox, &host, &format!("app@{wrong}"));
    assert!(ran.error().contains("Expected sha256:e3b0c442"), "{}", ran.error());
    let through = |platforms: &[&str]| {
        let by_digest = (digest(good.as_bytes()), good.clone().into_bytes());
        let host = with(vec![("1".to_owned(), index(platforms).into_bytes()), by_digest], whole());
        pull(&sandbox, &host, "app:1")
    };
    assert!(through(&["wasm", "wasm"]).error().contains("an index of several programs: name one"));
    through(&["amd64", "wasm"]).ok();
    assert_eq!(read(sandbox.path("out.wasm")), program);
}

#[test]
fn references_that_are_none_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    for reference in [
        "",
        "localhost:1/UPPER:1",
        "localhost:1/app:",
        "localhost:1/a b",
        "localhost:1/app@sha256:00",
    ] {
        for args in [&["pull", reference, "-o", "x.wasm"][..], &["push", "app.wasm", reference]] {
            let ran = sandbox.tool(args);
            assert!(ran.error().contains("is no reference ("), "{reference}: {}", ran.error());
        }
    }
    let by_digest = format!("localhost:1/app@{}", digest(b""));
    let ran = sandbox.tool(&["push", "app.wasm", &by_digest]);
    assert!(ran.error().contains("give a tag, as in `localhost:1/app:1.0`"), "{}", ran.error());
    let ran = sandbox.tool(&["push", "missing.wasm", "localhost:1/app:1"]);
    assert!(ran.error().starts_with("cannot read `missing.wasm`"), "{}", ran.error());
}

/// A registry whose tokens come from elsewhere, as those of large ones do. It notes what it is asked.
fn with_tokens(
    log: Arc<Mutex<Vec<String>>>,
    stored: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
) -> String {
    let host = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&host);
    let name = registry(move |asked| {
        let host = own.lock().unwrap().clone();
        let with_token = if asked.authorization == "Bearer the-token" { "token" } else { "" };
        log.lock().unwrap().push(format!("{} {with_token}", asked.line.split('?').next().unwrap()));
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"tests\"");
        if asked.line.starts_with("GET /token") {
            // `user:secret`
            let may = asked.authorization == "Basic dXNlcjpzZWNyZXQ=";
            let scope = asked.line.contains("scope=repository%3Atests%2Fapp%3Apull");
            return match may && scope {
                true => answer(200, r#"{"token":"the-token"}"#),
                false => answer(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who?"}]}"#),
            };
        }
        if with_token.is_empty() {
            let refused = answer(401, r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#);
            return Answer { headers: vec![("WWW-Authenticate", challenge)], ..refused };
        }
        let mut stored = stored.lock().unwrap();
        let (method, path) = asked.line.split_once(' ').unwrap();
        let key = path.rsplit(['/', '=']).next().unwrap().replace("%3A", ":");
        match method {
            // Relative, as it may be.
            "POST" => Answer {
                headers: vec![("Location", "/v2/tests/app/blobs/uploads/1?state=x".to_owned())],
                ..answer(202, "")
            },
            "PUT" => {
                stored.insert(key, asked.body.clone());
                Answer { headers: vec![("Location", path.to_owned())], ..answer(201, "") }
            }
            _ => match stored.get(&key) {
                Some(bytes) => answer(200, bytes.clone()),
                None => answer(404, r#"{"errors":[{"code":"BLOB_UNKNOWN"}]}"#),
            },
        }
    });
    host.lock().unwrap().clone_from(&name);
    name
}

#[test]
fn tokens_and_helpers() {
    let sandbox = Sandbox::new();
    let program = sandbox.wasm("app.wasm", NOTHING);
    let (log, stored) = (Arc::default(), Arc::default());
    let host = with_tokens(Arc::clone(&log), Arc::clone(&stored));
    sandbox.file("docker/config.json", r#"{ "credsStore": "of-tests" }"#);
    // Answers only for this registry, and does not know others.
    let helper = sandbox.file(
        "bin/docker-credential-of-tests",
        format!(
            "#!/bin/sh\nread server\nif [ \"$1 $server\" = 'get {host}' ]; then\n\
             echo '{{\"ServerURL\":\"\",\"Username\":\"user\",\"Secret\":\"secret\"}}'\n\
             else echo 'credentials not found in native keychain'; exit 1; fi\n"
        ),
    );
    std::fs::set_permissions(helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap());
    let config = sandbox.path("docker");
    let env = [("DOCKER_CONFIG", config.to_str().unwrap()), ("PATH", &path)];
    let reference = format!("{host}/tests/app:1");
    let pushed = sandbox.tool_with(&["push", "app.wasm", &reference], &env, b"").ok();
    assert_eq!(pushed.stderr, format!("pushed {reference}\n"));
    let by_digest = pushed.stdout().trim_end();
    assert!(by_digest.starts_with(&format!("{host}/tests/app@sha256:")), "{by_digest}");
    // Config, program, manifest.
    assert_eq!(stored.lock().unwrap().len(), 3);
    let (_, manifest) = by_digest.split_once('@').unwrap();
    let of_tag = stored.lock().unwrap()["1"].clone();
    assert_eq!(digest(&of_tag), manifest);
    sandbox.tool_with(&["-q", "pull", &reference, "-o", "out.wasm"], &env, b"").ok();
    assert_eq!(read(sandbox.path("out.wasm")), read(program));
    // Everything had the token but the questions for one: to write, to see what is there, to read.
    let log = std::mem::take(&mut *log.lock().unwrap());
    let without: Vec<&String> = log.iter().filter(|line| !line.ends_with("token")).collect();
    assert_eq!(without, ["GET /v2/ ", "GET /token "].repeat(3));
    // A registry that the helper does not know is asked by nobody.
    let other = with_tokens(Arc::default(), Arc::default());
    let reference = format!("{other}/tests/app:1");
    let ran = sandbox.tool_with(&["push", "app.wasm", &reference], &env, b"");
    let expected = format!("cannot push `{reference}`: {other} wants to know who you are; log in");
    assert!(ran.error().starts_with(&expected), "{}", ran.error());
}

#[test]
fn refusals_say_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let rows = [
        (403, "wants to know who you are; log in with `docker login "),
        (413, "takes no blobs of that size"),
        (429, "has had too many requests; try again later"),
        (500, "cannot push `"),
    ];
    for (status, expected) in rows {
        let host = registry(move |asked| match asked.line.as_str() {
            "GET /v2/" => answer(200, "{}"),
            line if line.starts_with("HEAD") => answer(404, ""),
            _ => answer(status, "no"),
        });
        let ran = sandbox.tool(&["push", "app.wasm", &format!("{host}/app:1")]);
        assert!(ran.error().contains(expected), "{status}: {}", ran.error());
    }
}
