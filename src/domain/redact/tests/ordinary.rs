//! Ordinary text: hardly any of it is taken for a secret, and none of it is slow or breaks anything.

use super::kinds::Seed;
use super::redact;
use crate::domain::redact::Redactor;
use proptest::prelude::{any, proptest};

/// Lines of code, configuration and output. `@w` is a word, `@n` a number, `@h7`, `@h40` and `@h64` are digests, `@u`
/// is a UUID, `@b` base64, `@p` a path, `@i` an identifier.
const LINES: &[&str] = &[
    "let token = parser.next_token()?;",
    "fn @i(token: &str, @i: usize) -> Option<Token> {",
    "    pub token: Option<String>,",
    "    password: String,",
    "let password = rpassword::prompt_password(\"Password: \")?;",
    "if token == Token::@w && self.tokens.len() > @n {",
    "    max_tokens: @n,",
    "    token_count += usage.input_tokens; // @w",
    "impl Display for SecretName { // @w @n",
    "let secret = client.get::<Secret>(&@i, @n).await?;",
    "    TokenKind::@w => self.@i(token, @n),",
    "let @i = HashMap::from([(\"@w\", @n), (\"@w\", @n)]);",
    "use crate::@w::{@i, @i};",
    "assert_eq!(@i(\"@w\"), Some(@n));",
    "token = os.environ[\"API_TOKEN\"]",
    "password = getpass.getpass()",
    "api_key = settings.API_KEY or config.get(\"api_key\")",
    "def @i(self, password: str = None, token=None):",
    "    self.token = token",
    "    @i = @w.@i(@n, key=lambda pair: pair[@n])",
    "from @w.@w import @i as @i",
    "tokenizer = AutoTokenizer.from_pretrained(\"@w/@w-@n\")",
    "raise ValueError(\"password must have at least @n characters\")",
    "token := r.Header.Get(\"Authorization\")",
    "secret, err := clientset.CoreV1().Secrets(ns).Get(ctx, \"@w\", metav1.GetOptions{})",
    "type @i struct { Token string `json:\"token\"`; Password string `json:\"password,omitempty\"` }",
    "func (s *@i) @i(ctx context.Context, token string) error {",
    "if err := @w.@i(@n); err != nil { return fmt.Errorf(\"@w: %w\", err) }",
    "req.Header.Set(\"Authorization\", \"Bearer \"+token)",
    "interface Login { username: string; password: string; token?: string }",
    "const token = await getToken(@n);",
    "const { password, ...rest } = user;",
    "headers: { Authorization: `Bearer ${token}` },",
    "<input type=\"password\" name=\"password\" placeholder=\"Password\" autocomplete=\"current-password\" />",
    "  \"password\": \"Password\",",
    "  \"token\": \"string\",",
    "import { @i } from \"./@w/@w\";",
    "export const @i = (state: @w) => state.@w.@i;",
    "export API_TOKEN=$(cat @p)",
    "curl -H \"Authorization: Bearer $TOKEN\" https://@w.@w.io/@w",
    "curl -fsSL https://@w.@w.io/@w.sh | sh",
    "docker login -u \"$USER\" --password-stdin registry.@w.io",
    "echo \"${PASSWORD:?not set}\" > @p",
    "PWD=@p make -j@n @w",
    "DB_PASSWORD=changeme",
    "API_KEY=your-api-key-here",
    "git clone https://github.com/@w/@w.git",
    "git remote add origin git@github.com:@w/@w.git",
    "ssh://git@@w.@w.io:@n/@w/@w.git",
    "export PATH=@p:$PATH",
    "for @i in $(seq @n); do ./@w --@w @n; done",
    "  secretName: @w-tls",
    "      secretKeyRef: { name: @w-credentials, key: password }",
    "        - name: API_TOKEN",
    "          valueFrom:",
    "  password: ${DB_PASSWORD}",
    "  token: {{ .Values.@w.token }}",
    "  image: registry.@w.io/@w/@w@sha256:@h64",
    "kind: @w",
    "  uid: @u",
    "  resourceVersion: \"@n\"",
    "  labels: { app: @w, tier: @w, revision: \"@h7\" }",
    "commit @h40",
    "@h7 feat(@w): let @w be @w",
    "index @h7..@h7 100644",
    "Merge: @h7 @h7",
    "checksum = \"@h64\"",
    "      \"integrity\": \"sha512-@b@b@b@b==\",",
    "      \"resolved\": \"https://registry.npmjs.org/@w/-/@w-@n.@n.@n.tgz\",",
    "@w v@n.@n.@n (@p)",
    "github.com/@w/@w v@n.@n.@n h1:@b=",
    "![image](data:image/png;base64,iVBORw0KGgo@b@b@b@b@b)",
    "test @w::@w::@i ... ok",
    "test result: ok. @n passed; 0 failed; @n ignored; 0 measured; finished in 0.@ns",
    "PASS src/@w/@w.test.ts (@n ms)",
    "FAILED tests/@w/test_@w.py::test_@i - AssertionError: @n != @n",
    "2026-01-02T03:04:05.@nZ INFO @w::@w: request id=@u status=200 took=@nms",
    "E1120 12:00:00.@n       1 controller.go:@n] \"Reconciler error\" object=\"@w/@w\" reconcileID=\"@u\"",
    "{\"type\":\"assistant\",\"uuid\":\"@u\",\"usage\":{\"input_tokens\":@n,\"output_tokens\":@n}}",
    "{\"id\":\"toolu_@n\",\"name\":\"Read\",\"input\":{\"file_path\":\"@p\"}}",
    "-rw-r--r-- 1 root root @n Jan  2 03:04 @w.rs",
    "    at @i (@p:@n:@n)",
    "thread 'main' panicked at @p:@n:@n:",
    "- [x] @w the @w: tokens are counted once, passwords are never shown",
    "The secret is that the token is passed to `@i` as a reference; see @p.",
    "| token | what the lexer yields | @n |",
    "Authorization: the operator decides. @w",
    "Basic usage: @w --@w @n",
    "Bearer tokens are @w when @w.",
    "let cookie = jar.get(\"@w\").map(Cookie::value);",
    "sessionCookie: cookie.serialize(name, value),",
    "set -euo pipefail # @w @n",
    "static RE: Regex = Regex::new(r\"^(ghp|gho)_[A-Za-z0-9]{36}$\");",
    "s/sk-[a-z]*/sk-.../ # @w",
    ".sk-toggleable__content { padding: @npx; }",
    "    primary_key: true, // @n",
    "key-value-@w: \"@w\"",
    "foreign_key = models.ForeignKey(@w, on_delete=models.CASCADE)",
    "    ssh_key: @p/id_ed25519.pub",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5@b @w@@w",
    "password_field.send_keys(@i)",
    "auth: none # @w",
    "  auth = @w.auth(@i, @n)",
    "-----BEGIN CERTIFICATE-----",
    "MIIDdzCCAl@b",
    "msgid \"Enter your password\"",
    "credentials: \"include\", // @n",
    "credentials = service_account.Credentials.from_service_account_file(@i)",
    "#define TOKEN_@n 0x@h7",
    "TOKEN_@i = @n",
    "    KEY_@n = \"@w\"",
    "CACHE_KEY=\"@w-@n\"",
    "nextToken: page.nextToken ?? undefined, // @n",
    // Minified, generated and encoded.
    "!function(e,t){\"object\"==typeof exports?t(exports):t(e.@i={})}(this,function(e){var t=e.token,n=e.key;return t&&n?@n:void 0});",
    "var a=function(e){return e.password===e.confirm},b=@n,c={token:a,secret:b,auth:null};export{a as t,b as n};",
    "//# sourceMappingURL=data:application/json;charset=utf-8;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2Vz@b@b@b",
    "<script src=\"/_next/static/chunks/@h40.js\" integrity=\"sha384-@b@b\" crossorigin=\"anonymous\"></script>",
    "<img src=\"data:image/png;base64,@b@b@b@b@b@b\" alt=\"@w\">",
    ".@w-@h7{--token-@w:#@h7;background:url(data:image/svg+xml;base64,PHN2Zy@b@b)}",
    "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"iVBORw0KGgo@b@b@b\"}}",
    "{\"parentUuid\":\"@u\",\"sessionId\":\"@u\",\"requestId\":\"req_011C@n\",\"message\":{\"id\":\"msg_01@n\",\"usage\":{\"cache_read_input_tokens\":@n}}}",
    "    {file = \"@w-@n.@n.@n-py3-none-any.whl\", hash = \"sha256:@h64\"},",
    "  resolution: {integrity: sha512-@b@b==}",
    "  version \"@n.@n.@n\"  # checksum @h40",
    "@w@npm:^@n.@n.@n:",
    "  checksum: 10c0/@h64@h64",
    "    - @w@@w@n.@n: sha256:@h64",
    "FROM @w:@n.@n@sha256:@h64 AS build",
    "  digest: sha256:@h64",
    "      uses: actions/checkout@@h40 # v@n.@n.@n",
    "          token: ${{ secrets.GITHUB_TOKEN }}",
    "  caBundle: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t@b@b",
    "    kubectl.kubernetes.io/last-applied-configuration: |",
    "  serviceAccountToken: { path: token, expirationSeconds: @n }",
    "  - --service-account-signing-key-file=@p",
    "  - --token-auth-file=@p",
    "blob @h40 @n",
    "[submodule \"@w\"] url = https://github.com/@w/@w.git",
    "diff --git a/@w/token_@w.go b/@w/token_@w.go",
    "similarity index @n%",
    "\\u0041\\u00e9 @w \\x1b[31m@w\\x1b[0m token @n",
    "0x@h64, 0x@h40, // @w",
    "@u,@u,@n,@w,2026-01-02",
    "const KEY_@n: [u8; 32] = hex!(\"@h64\"); // test vector @n",
    "  \"id\": \"chatcmpl-@h7@h7@h7@h7\", \"model\": \"@w-@n\",",
    "warning: unused variable: `token` --> @p:@n:@n",
    "error[E0425]: cannot find value `api_key` in this scope @n",
    "  ✓ refuses a wrong password (@n ms)",
];

const WORDS: &[&str] = &[
    "reconcile",
    "fabric",
    "switch",
    "leaf",
    "spine",
    "agent",
    "board",
    "drift",
    "cluster",
    "render",
    "parser",
    "buffer",
    "window",
    "widget",
    "session",
    "source",
    "manifest",
    "status",
    "controller",
    "registry",
    "network",
    "vlan",
    "port",
];

fn line(s: &mut Seed, template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('@') {
        out.push_str(before);
        let word = |s: &mut Seed| s.pick(WORDS).to_owned();
        let (made, skip) = match behind.as_bytes() {
            [b'h', b'7', ..] => (s.hex(7), 2),
            [b'h', b'4', b'0', ..] => (s.hex(40), 3),
            [b'h', b'6', b'4', ..] => (s.hex(64), 3),
            [b'w', ..] => (word(s), 1),
            [b'n', ..] => (s.below(100_000).to_string(), 1),
            [b'u', ..] => ([8, 4, 4, 4, 12].map(|length| s.hex(length)).join("-"), 1),
            [b'b', ..] => (s.base64(43), 1),
            [b'p', ..] => (format!("/srv/{}/{}/{}.rs", word(s), word(s), word(s)), 1),
            [b'i', ..] => (format!("{}_{}{}", word(s), word(s), s.below(9)), 1),
            _ => ("@".to_owned(), 0),
        };
        out.push_str(&made);
        rest = &behind[skip..];
    }
    out + rest
}

fn corpus(lines: usize) -> Vec<String> {
    let mut s = Seed(0x0DD_BA11);
    let prefixes = ["", "", "", "+", "-", "    ", "   12→", "> ", "\t"];
    (0..lines)
        .map(|at| {
            let text = line(&mut s, LINES[at % LINES.len()]);
            format!("{}{text}", s.pick(&prefixes))
        })
        .collect()
}

#[test]
fn ordinary_lines_raise_hardly_any_alarm() {
    let lines = corpus(24_000);
    let alarms: Vec<String> =
        lines.iter().filter(|line| redact(line) != line.as_str()).map(|line| redact(line).into_owned()).collect();
    assert!(alarms.len() <= lines.len() / 10_000, "{}\n{}", alarms.len(), alarms[..alarms.len().min(40)].join("\n"));
}

#[test]
fn ordinary_lines_raise_no_alarm_together_either() {
    let lines = corpus(11_000);
    let found: Vec<_> = lines
        .chunks(50)
        .map(|part| part.join("\n"))
        .flat_map(|text| {
            Redactor::default()
                .find(&text)
                .into_iter()
                .map(|secret| format!("{} {}", secret.kind, &text[secret.range]))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(found.len() <= 1, "{}\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}

#[test]
fn text_without_secrets_is_not_copied() {
    assert!(matches!(redact("let token = next_token();"), std::borrow::Cow::Borrowed(_)));
}

/// Found by fuzzing: every window must end between two characters.
#[test]
fn a_window_that_ends_inside_a_character_is_no_fault() {
    for name in [
        "token=",
        "cookie: ",
        "cookie:",
        "Authorization: Bearer ",
        "password: ",
        "--token ",
        "https://a:",
        "curl -u a:",
        "$6$",
    ] {
        for shift in 0..4 {
            for filler in ["\u{fffd}", "é", "🦀", "字"] {
                for length in [512, 2_048, 4_096, 16_384] {
                    let text = format!("{name}{}{}", "0".repeat(shift), filler.repeat(length / filler.len() + 8));
                    redact(&text);
                    redact(&format!("{name}\"{text}"));
                }
            }
        }
    }
}

/// Strings in which beginnings of secrets are likely.
const PIECES: &str = "(token|password|secret|[\"'\\\\=:, \\n›‹é→$@/-]|ghp_|sk-ant-|eyJhbGciOiJIUzI1NiJ9|://|-----BEGIN PRIVATE KEY-----|-----END|bearer |curl -u |kind: Secret\\n|data:\\n  |\"data\":\\{|\"kind\":\"Secret\"|‹redacted: password›|‹redacted: |[a-zA-Z0-9]{1,12}){0,40}";

proptest! {
    #[test]
    fn any_text_is_redacted_once_and_for_all(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn text_full_of_beginnings_is_redacted_once_and_for_all(text in PIECES) {
        check(&text);
    }
}

fn check(text: &str) {
    let once = redact(text);
    assert_eq!(redact(&once), once, "of {text:?}");
    assert!(once.len() <= text.len() * 48, "{text:?}");
    let mut end = 0;
    for secret in Redactor::default().find(text) {
        assert!(secret.range.start >= end && secret.range.end > secret.range.start, "{text:?}");
        assert!(text.get(secret.range.clone()).is_some(), "{text:?}");
        end = secret.range.end;
    }
}
