//! Secrets of every kind, made when a test runs, so that nothing in here looks like a credential to a scanner.

/// A generator of numbers (xorshift), so that a failure can be repeated.
pub struct Seed(pub u64);

impl Seed {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// `length` letters of `alphabet`, a digit and both cases among them where it has them.
    pub fn of(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }

    pub fn alnum(&mut self, length: usize) -> String {
        self.of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    pub fn word(&mut self, length: usize) -> String {
        let inner = self.of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", length - 2);
        format!("{}{inner}{}", self.alnum(1), self.alnum(1))
    }

    pub fn hex(&mut self, length: usize) -> String {
        self.of("0123456789abcdef", length)
    }

    pub fn upper(&mut self, length: usize) -> String {
        self.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length)
    }

    pub fn base64(&mut self, length: usize) -> String {
        self.of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", length)
    }

    pub fn uuid(&mut self) -> String {
        let part = |seed: &mut Self, length| seed.hex(length);
        [8, 4, 4, 4, 12].map(|length| part(self, length)).join("-")
    }
}

/// A secret and the text it is always found in (its name, its scheme, its command), with `{}` in the secret's place.
pub struct Case {
    pub what: &'static str,
    pub value: String,
    pub around: &'static str,
}

impl Case {
    /// The secret in the text around it.
    pub fn piece(&self) -> String {
        self.around.replace("{}", &self.value)
    }
}

fn encode(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for part in text.as_bytes().chunks(3) {
        let held = part.iter().fold(0_u32, |held, byte| held << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for six in 0..=part.len() {
            out.push(char::from(LETTERS[(held >> (18 - 6 * six)) as usize & 63]));
        }
    }
    out
}

/// One secret of every kind.
pub fn cases(s: &mut Seed) -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |what, value: String, around| all.push(Case { what, value, around });
    // By what they start with: found without any name.
    let prefixed = [
        ("Anthropic", "sk-ant-api03-", 93),
        ("OpenAI project", "sk-proj-", 120),
        ("OpenAI service", "sk-svcacct-", 60),
        ("GitHub fine-grained", "github_pat_", 82),
        ("Slack bot", "xoxb-", 50),
        ("Slack user", "xoxp-", 60),
        ("Slack app", "xapp-1-", 70),
        ("Docker", "dckr_pat_", 27),
        ("GitLab", "glpat-", 20),
        ("GitLab deploy", "gldt-", 20),
        ("GitLab runner", "glrt-", 20),
        ("GitLab trigger", "glptt-", 40),
        ("Google API", "AIza", 35),
        ("Google OAuth", "GOCSPX-", 28),
        ("Grafana service account", "glsa_", 41),
        ("Vault", "hvs.", 90),
        ("Vault batch", "hvb.", 90),
        ("Square", "sq0atp-", 22),
        ("Figma", "figd_", 40),
        ("Postman", "PMAK-", 59),
        ("Tailscale", "tskey-auth-", 30),
        ("PyPI", "pypi-AgEIcHlwaS5vcmc", 120),
        ("Brevo", "xkeysib-", 80),
        ("SendGrid", "SG.", 66),
        ("Heroku", "HRKU-", 60),
    ];
    for (what, prefix, length) in prefixed {
        add(what, format!("{prefix}{}", s.word(length)), "{}");
    }
    let plain = [
        ("OpenAI", "sk-", 48),
        ("GitHub", "ghp_", 36),
        ("GitHub OAuth", "gho_", 36),
        ("GitHub user", "ghu_", 36),
        ("GitHub server", "ghs_", 36),
        ("GitHub refresh", "ghr_", 36),
        ("Stripe", "sk_live_", 24),
        ("Stripe restricted", "rk_live_", 24),
        ("Stripe webhook", "whsec_", 32),
        ("npm", "npm_", 36),
        ("crates.io", "cio", 32),
        ("Hugging Face", "hf_", 34),
        ("Linear", "lin_api_", 40),
        ("Notion", "ntn_", 46),
        ("Notion, old", "secret_", 43),
        ("New Relic", "NRAK-", 27),
        ("Groq", "gsk_", 52),
        ("Replicate", "r8_", 37),
        ("Netlify", "nfp_", 40),
        ("Sentry organisation", "sntrys_", 80),
    ];
    for (what, prefix, length) in plain {
        add(what, format!("{prefix}{}", s.alnum(length)), "{}");
    }
    let hexes = [
        ("DigitalOcean", "dop_v1_", 64),
        ("Shopify", "shpat_", 32),
        ("Shopify secret", "shpss_", 32),
        ("Databricks", "dapi", 32),
        ("Mailgun", "key-", 32),
        ("Twilio", "SK", 32),
        ("Sentry user", "sntryu_", 64),
        ("RubyGems", "rubygems_", 48),
        ("Pulumi", "pul-", 40),
        ("Supabase", "sbp_", 40),
    ];
    for (what, prefix, length) in hexes {
        add(what, format!("{prefix}{}", s.hex(length)), "{}");
    }
    for prefix in ["AKIA", "ASIA"] {
        add("AWS", format!("{prefix}{}", s.upper(16)), "{}");
    }
    let team = (s.upper(10), s.upper(10), s.alnum(24));
    add("Slack webhook", format!("T{}/B{}/{}", team.0, team.1, team.2), "https://hooks.slack.com/services/{}");
    add("Discord webhook", s.word(68), "https://discord.com/api/webhooks/112233445566778899/{}");
    add("Telegram", format!("{}:AA{}", 1_234_567_890, s.word(33)), "{}");
    add("Discord bot", format!("{}.{}.{}", encode("112233445566778899"), s.alnum(6), s.word(38)), "{}");
    let header = encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = encode(&format!(r#"{{"sub":"{}","iat":1516239022}}"#, s.alnum(10)));
    add("JWT", format!("{header}.{claims}.{}", s.word(43)), "{}");
    // By what stands around them.
    add("bearer", s.alnum(32), "Authorization: Bearer {}");
    add("basic", encode(&format!("deploy:{}", s.alnum(15))), "Authorization: Basic {}");
    add("proxy", encode(&format!("deploy:{}", s.alnum(15))), "Proxy-Authorization: Basic {}");
    add("token header", s.hex(40), "Authorization: token {}");
    add("key header", s.alnum(32), "X-Api-Key: {}");
    add("cookie", format!("session={}; theme={}", s.alnum(40), s.alnum(12)), "Cookie: {}");
    add("set-cookie", format!("sid={}", s.alnum(40)), "Set-Cookie: {}; Path=/; HttpOnly");
    add("AWS secret", s.base64(40), "AWS_SECRET_ACCESS_KEY={}");
    add("AWS secret, credentials file", s.base64(40), "aws_secret_access_key = {}");
    add("AWS session", s.base64(300), "AWS_SESSION_TOKEN={}");
    add(
        "Azure storage",
        format!("{}==", s.base64(86)),
        "AccountName=store;AccountKey={};EndpointSuffix=core.windows.net",
    );
    add("Azure signature", format!("{}%3D", s.alnum(43)), "https://a.blob.core.windows.net/c?sv=2024&sig={}&se=2030");
    add("Datadog", s.hex(32), "DD_API_KEY={}");
    add("Datadog application", s.hex(40), "DD_APP_KEY={}");
    add("Heroku, old", s.uuid(), "HEROKU_API_KEY={}");
    add("Terraform", format!("{}.atlasv1.{}", s.alnum(14), s.alnum(60)), "TFE_TOKEN={}");
    add("Twilio token", s.hex(32), "TWILIO_AUTH_TOKEN={}");
    add("Cloudflare", s.word(40), "CLOUDFLARE_API_TOKEN={}");
    add("client key", format!("LS0tLS1CRUdJTi{}", s.base64(800)), "client-key-data: {}");
    add("client certificate", format!("LS0tLS1CRUdJTi{}", s.base64(800)), "client-certificate-data: {}");
    add("kubeconfig token", s.alnum(60), "token: {}");
    add("password, YAML", format!("{}!{}", s.alnum(8), s.alnum(4)), "password: {}");
    add("password, environment", format!("{}7", s.of("abcdefghkmnp", 9)), "DB_PASSWORD={}");
    add("password, option", format!("{}7x", s.alnum(10)), "deploy --password {}");
    add("token, option", s.alnum(32), "login --token {} --yes");
    add("token, option with sign", s.alnum(32), "login --api-key={} --yes");
    add("URL", format!("{}4", s.alnum(12)), "https://deploy:{}@git.internal/repo.git");
    add("URL, token alone", s.alnum(30), "https://{}@git.internal/repo.git");
    add("PostgreSQL", format!("{}4", s.alnum(12)), "postgres://app:{}@db:5432/app?sslmode=require");
    add("MongoDB", format!("{}4", s.alnum(12)), "mongodb+srv://app:{}@cluster0.mongodb.net/app");
    add("Redis", format!("{}4", s.alnum(12)), "redis://:{}@cache:6379/0");
    add("Go DSN", format!("{}4", s.alnum(12)), "app:{}@tcp(db:3306)/app");
    add("SQL Server", format!("{}4", s.alnum(12)), "Server=db;User Id=app;Password={};Encrypt=true");
    add("query", s.alnum(32), "https://api.internal/v1?access_token={}&page=2");
    add("curl", format!("{}4", s.alnum(12)), "curl -sS -u deploy:{} https://api.internal");
    add("sshpass", format!("{}4", s.alnum(12)), "sshpass -p {} ssh deploy@host");
    add("mysql", format!("{}4", s.alnum(12)), "mysql -u app -p{} app");
    add("netrc", format!("{}4", s.alnum(12)), "machine git.internal login deploy password {}");
    add("npmrc", s.alnum(36), "//registry.internal/:_authToken={}");
    add("crypt", format!("$6${}${}", s.alnum(16), s.of("abcdefGHIJKL0123./", 86)), "root:{}:19000:0:99999:7:::");
    add("bcrypt", format!("$2b$12${}", s.of("abcdefGHIJKL0123./", 53)), "app:{}");
    add("argon2", format!("$argon2id$v=19$m=65536,t=3,p=4${}${}", s.alnum(22), s.alnum(43)), "{}");
    add("age", format!("AGE-SECRET-KEY-1{}", s.upper(58)), "{}");
    all
}

/// Eight characters of `value` in a row that `text` still has.
pub fn survivor<'a>(value: &'a str, text: &str) -> Option<&'a str> {
    (0..value.len().saturating_sub(7)).filter_map(|at| value.get(at..at + 8)).find(|part| text.contains(part))
}
