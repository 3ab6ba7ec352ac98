//! The credentials that say by their own first letters what they are.
//!
//! The prefixes and lengths are those their issuers publish (and secret scanners such as gitleaks go by). Lengths are
//! lower bounds, a little below today's, unless the letters alone are too common to go by.

/// Which bytes a credential goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// `A-Z 0-9`
    Upper,
    /// `0-9 a-f`, either case
    Hex,
    /// `0-9 A-Z a-z`
    Alnum,
    /// `0-9 A-Z a-z _ -`
    Word,
    /// `0-9 A-Z a-z _ - .`
    Dotted,
    /// `0-9 A-Z a-z _ - . / + = : ~ %`
    Path,
}

impl Letters {
    /// Whether `byte` is one of them.
    pub(super) const fn has(self, byte: u8) -> bool {
        match self {
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Path => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b':' | b'~' | b'%')
            }
        }
    }
}

/// A kind of credential that is known by its prefix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// What it is called in a marker.
    pub kind: &'static str,
    /// How it starts, in exactly these letters.
    pub prefix: &'static str,
    /// What it goes on with.
    pub letters: Letters,
    /// How many bytes follow the prefix at least.
    pub min: usize,
    /// How many at most; more of them mean that it is something else.
    pub max: usize,
    /// Whether the rest must mix letters with digits as only chance does: for prefixes that words also start with.
    pub random: bool,
}

/// A credential whose prefix nothing else starts with.
const fn sure(kind: &'static str, prefix: &'static str, letters: Letters, min: usize) -> Token {
    Token { kind, prefix, letters, min, max: usize::MAX, random: false }
}

/// A credential whose prefix alone proves nothing: the length has to fit, and the rest to look like chance.
const fn unsure(kind: &'static str, prefix: &'static str, letters: Letters, min: usize, max: usize) -> Token {
    Token { kind, prefix, letters, min, max, random: true }
}

/// A credential of one length, which need not have a digit in it.
const fn exact(kind: &'static str, prefix: &'static str, letters: Letters, length: usize) -> Token {
    Token { kind, prefix, letters, min: length, max: length, random: false }
}

use Letters::{Alnum, Dotted, Hex, Path, Upper, Word};

/// Every one of them, the longer prefix before the shorter that it starts with.
pub(super) static TOKENS: &[Token] = &[
    sure("Anthropic key", "sk-ant-", Word, 20),
    sure("OpenRouter key", "sk-or-v1-", Hex, 32),
    sure("OpenAI key", "sk-proj-", Word, 20),
    sure("OpenAI key", "sk-svcacct-", Word, 20),
    sure("OpenAI key", "sk-admin-", Word, 20),
    unsure("OpenAI key", "sk-", Word, 20, usize::MAX),
    sure("GitHub token", "github_pat_", Word, 22),
    sure("GitHub token", "ghp_", Alnum, 20),
    sure("GitHub token", "gho_", Alnum, 20),
    sure("GitHub token", "ghu_", Alnum, 20),
    sure("GitHub token", "ghs_", Dotted, 20),
    sure("GitHub token", "ghr_", Alnum, 20),
    sure("GitLab token", "glpat-", Dotted, 16),
    sure("GitLab token", "gldt-", Word, 16),
    sure("GitLab token", "glptt-", Word, 16),
    sure("GitLab token", "glrt-", Dotted, 16),
    sure("GitLab token", "glrtr-", Dotted, 16),
    sure("GitLab token", "glcbt-", Word, 16),
    sure("GitLab token", "glimt-", Word, 16),
    sure("GitLab token", "glagent-", Word, 16),
    sure("GitLab token", "gloas-", Word, 16),
    sure("GitLab token", "glsoat-", Word, 16),
    sure("GitLab token", "glft-", Word, 16),
    sure("GitLab token", "glffct-", Word, 16),
    sure("GitLab token", "GR1348941", Word, 16),
    exact("AWS access key", "AKIA", Upper, 16),
    exact("AWS access key", "ASIA", Upper, 16),
    exact("AWS access key", "ABIA", Upper, 16),
    exact("AWS access key", "ACCA", Upper, 16),
    unsure("AWS Bedrock key", "ABSK", Path, 60, 300),
    unsure("Google API key", "AIza", Word, 35, 39),
    sure("Google OAuth secret", "GOCSPX-", Word, 20),
    unsure("Google OAuth token", "ya29.", Dotted, 20, usize::MAX),
    sure("Slack token", "xoxb-", Word, 16),
    sure("Slack token", "xoxp-", Word, 16),
    sure("Slack token", "xoxa-", Word, 16),
    sure("Slack token", "xoxr-", Word, 16),
    sure("Slack token", "xoxs-", Word, 16),
    sure("Slack token", "xoxc-", Word, 16),
    sure("Slack token", "xoxd-", Path, 16),
    sure("Slack token", "xoxe-", Word, 16),
    sure("Slack token", "xoxe.xox", Dotted, 16),
    sure("Slack token", "xapp-", Word, 16),
    sure("Slack webhook", "hooks.slack.com/services/", Path, 20),
    sure("Slack webhook", "hooks.slack.com/workflows/", Path, 20),
    sure("Slack webhook", "hooks.slack.com/triggers/", Path, 20),
    sure("Discord webhook", "discord.com/api/webhooks/", Path, 30),
    sure("Discord webhook", "discordapp.com/api/webhooks/", Path, 30),
    sure("Teams webhook", "webhook.office.com/webhookb2/", Path, 30),
    sure("Stripe key", "sk_live_", Alnum, 16),
    sure("Stripe key", "sk_test_", Alnum, 16),
    sure("Stripe key", "rk_live_", Alnum, 16),
    sure("Stripe key", "rk_test_", Alnum, 16),
    sure("Stripe webhook secret", "whsec_", Path, 20),
    unsure("Twilio key", "SK0", Hex, 31, 31),
    unsure("Twilio key", "SK1", Hex, 31, 31),
    unsure("Twilio key", "SK2", Hex, 31, 31),
    unsure("Twilio key", "SK3", Hex, 31, 31),
    unsure("Twilio key", "SK4", Hex, 31, 31),
    unsure("Twilio key", "SK5", Hex, 31, 31),
    unsure("Twilio key", "SK6", Hex, 31, 31),
    unsure("Twilio key", "SK7", Hex, 31, 31),
    unsure("Twilio key", "SK8", Hex, 31, 31),
    unsure("Twilio key", "SK9", Hex, 31, 31),
    unsure("Twilio key", "SKa", Hex, 31, 31),
    unsure("Twilio key", "SKb", Hex, 31, 31),
    unsure("Twilio key", "SKc", Hex, 31, 31),
    unsure("Twilio key", "SKd", Hex, 31, 31),
    unsure("Twilio key", "SKe", Hex, 31, 31),
    unsure("Twilio key", "SKf", Hex, 31, 31),
    unsure("SendGrid key", "SG.", Dotted, 40, usize::MAX),
    unsure("Mailgun key", "key-", Hex, 32, 32),
    sure("Brevo key", "xkeysib-", Word, 32),
    sure("npm token", "npm_", Alnum, 30),
    sure("PyPI token", "pypi-", Word, 50),
    unsure("crates.io token", "cio", Alnum, 32, 36),
    sure("Docker token", "dckr_pat_", Word, 20),
    sure("Docker token", "dckr_oat_", Word, 20),
    sure("DigitalOcean token", "dop_v1_", Hex, 40),
    sure("DigitalOcean token", "doo_v1_", Hex, 40),
    sure("DigitalOcean token", "dor_v1_", Hex, 40),
    sure("Heroku key", "HRKU-", Word, 30),
    unsure("Hugging Face token", "hf_", Alnum, 30, 60),
    sure("Hugging Face token", "api_org_", Alnum, 30),
    unsure("Databricks token", "dapi", Hex, 32, 36),
    sure("Grafana token", "glsa_", Word, 30),
    unsure("Grafana token", "glc_", Path, 32, usize::MAX),
    sure("Vault token", "hvs.", Word, 20),
    sure("Vault token", "hvb.", Word, 20),
    sure("Vault token", "hvr.", Word, 20),
    sure("Square token", "sq0atp-", Word, 20),
    sure("Square token", "sq0csp-", Word, 30),
    unsure("Square token", "EAAA", Word, 56, 70),
    sure("Shopify token", "shpat_", Hex, 32),
    sure("Shopify token", "shpca_", Hex, 32),
    sure("Shopify token", "shppa_", Hex, 32),
    sure("Shopify token", "shpss_", Hex, 32),
    sure("Linear key", "lin_api_", Alnum, 30),
    sure("Linear key", "lin_oauth_", Alnum, 30),
    unsure("Notion token", "ntn_", Alnum, 30, 60),
    unsure("Notion token", "secret_", Alnum, 40, 50),
    sure("Figma token", "figd_", Word, 30),
    sure("Postman key", "PMAK-", Word, 40),
    sure("New Relic key", "NRAK-", Alnum, 20),
    sure("New Relic key", "NRII-", Word, 20),
    sure("New Relic key", "NRJS-", Alnum, 16),
    sure("Sentry token", "sntrys_", Path, 40),
    sure("Sentry token", "sntryu_", Hex, 40),
    sure("Doppler token", "dp.pt.", Alnum, 30),
    sure("Doppler token", "dp.st.", Dotted, 30),
    sure("Pulumi token", "pul-", Hex, 40),
    sure("PlanetScale token", "pscale_tkn_", Dotted, 30),
    sure("PlanetScale token", "pscale_pw_", Dotted, 30),
    sure("PlanetScale token", "pscale_oauth_", Dotted, 30),
    sure("Prefect key", "pnu_", Alnum, 30),
    sure("Replicate token", "r8_", Alnum, 30),
    sure("Groq key", "gsk_", Alnum, 40),
    sure("xAI key", "xai-", Alnum, 60),
    sure("Perplexity key", "pplx-", Alnum, 40),
    unsure("Fireworks key", "fw_", Alnum, 22, 40),
    sure("Tailscale key", "tskey-", Word, 20),
    sure("1Password token", "ops_eyJ", Path, 60),
    sure("Age key", "AGE-SECRET-KEY-1", Upper, 50),
    sure("Atlassian token", "ATATT3", Path, 60),
    sure("Bitbucket token", "ATBB", Alnum, 28),
    unsure("Artifactory key", "AKCp", Alnum, 60, 80),
    sure("RubyGems key", "rubygems_", Hex, 40),
    sure("Supabase token", "sbp_", Hex, 40),
    sure("Dynatrace token", "dt0c01.", Dotted, 60),
    sure("CircleCI token", "CCIPAT_", Word, 40),
    sure("Buildkite token", "bkua_", Hex, 40),
    sure("Netlify token", "nfp_", Alnum, 36),
    sure("Fly.io token", "fo1_", Word, 40),
    sure("Fly.io token", "FlyV1 fm", Path, 60),
    sure("EasyPost key", "EZAK", Alnum, 54),
    sure("Adafruit key", "aio_", Alnum, 28),
    sure("Contentful token", "CFPAT-", Word, 40),
    sure("Frame.io token", "fio-u-", Word, 60),
    sure("Typeform token", "tfp_", Path, 40),
    sure("Flutterwave key", "FLWSECK-", Word, 30),
];
