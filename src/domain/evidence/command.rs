//! Which commands are checks: tests, linters, builds, validations of what is desired or live. A table, for many ecosystems.
//!
//! That a line names a check is not enough: where its exit status is not that of the check (`pytest | tail`, `make test || true`)
//! the line says nothing of it, and [`Found::masked`] tells.

use crate::domain::gate::command;

/// What a command checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Tests ran.
    Test,
    /// What is desired or live was validated: manifests, a fabric.
    Validation,
    /// It was built or type-checked.
    Build,
    /// A linter or a formatter's check ran.
    Lint,
}

impl Check {
    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "tests",
            Self::Validation => "validation",
            Self::Build => "build",
            Self::Lint => "lint",
        }
    }
}

/// A check in a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What it checks; of several the most telling one.
    pub check: Check,
    /// The exit status of the line is not that of the check.
    pub masked: bool,
}

use Check::{Build, Lint, Test, Validation};

/// First words of a command and what it checks. A word that ends in `*` is the beginning of one, `_` is any word.
#[rustfmt::skip]
const CHECKS: &[(&str, Check)] = &[
    // Rust
    ("cargo test", Test), ("cargo t", Test), ("cargo nextest run", Test), ("cargo insta test", Test),
    ("cargo llvm-cov", Test), ("cargo tarpaulin", Test), ("cargo miri test", Test), ("cargo check", Build),
    ("cargo build", Build), ("cargo b", Build), ("cargo clippy", Lint), ("cargo deny", Lint),
    ("cargo fmt --check", Lint), ("cargo fmt -- --check", Lint), ("cargo audit", Lint),
    // Python
    ("pytest", Test), ("py.test", Test), ("python* -m pytest", Test), ("python* -m unittest", Test),
    ("python* manage.py test", Test), ("manage.py test", Test), ("nose2", Test), ("nosetests", Test), ("tox", Test),
    ("nox", Test), ("coverage run", Test), ("hatch test", Test), ("behave", Test), ("robot", Test),
    ("ruff check", Lint), ("ruff format --check", Lint), ("flake8", Lint), ("pylint", Lint), ("mypy", Build),
    ("python* -m mypy", Build), ("pyright", Build), ("black --check", Lint), ("isort --check*", Lint),
    ("pre-commit run", Lint), ("python* -m build", Build), ("python* -m compileall", Build),
    ("python* -m py_compile", Build),
    // Go
    ("go test", Test), ("gotestsum", Test), ("ginkgo", Test), ("go vet", Lint), ("go build", Build),
    ("golangci-lint run", Lint), ("staticcheck", Lint),
    // JavaScript and TypeScript
    ("npm test", Test), ("npm t", Test), ("npm run test*", Test), ("npm run e2e*", Test), ("npm run lint*", Lint),
    ("npm run build*", Build), ("npm run typecheck*", Build), ("npm run check*", Lint), ("yarn test*", Test),
    ("yarn run test*", Test), ("yarn lint*", Lint), ("yarn build*", Build), ("yarn run lint*", Lint),
    ("yarn run build*", Build), ("pnpm test*", Test), ("pnpm t", Test), ("pnpm run test*", Test),
    ("pnpm -r test*", Test), ("pnpm lint*", Lint), ("pnpm run lint*", Lint), ("pnpm build*", Build),
    ("pnpm run build*", Build), ("pnpm typecheck", Build), ("bun test", Test), ("bun run test*", Test),
    ("bun run build*", Build), ("deno test", Test), ("deno check", Build), ("deno lint", Lint), ("vitest", Test),
    ("jest", Test), ("mocha", Test), ("ava", Test), ("karma start", Test), ("playwright test", Test),
    ("cypress run", Test), ("node --test", Test), ("ng test", Test), ("ng build", Build), ("nx test", Test),
    ("nx run-many", Test), ("turbo run test*", Test), ("turbo test", Test), ("tsc", Build), ("vue-tsc", Build),
    ("eslint", Lint), ("prettier --check", Lint), ("biome check", Lint), ("vite build", Build),
    ("next build", Build),
    // JVM
    ("mvn test", Test), ("mvn verify", Test), ("mvn package", Test), ("mvn install", Test), ("mvn compile", Build),
    ("mvnw test", Test), ("mvnw verify", Test), ("mvnw package", Test), ("gradle test", Test),
    ("gradle check", Test), ("gradle build", Test), ("gradlew test", Test), ("gradlew check", Test),
    ("gradlew build", Test), ("gradlew connected*", Test), ("sbt test", Test), ("lein test", Test),
    ("mill _.test", Test),
    // C, C++ and build systems
    ("make test*", Test), ("make check", Test), ("make e2e*", Test), ("make unit*", Test), ("make lint*", Lint),
    ("make build", Build), ("make all", Build), ("make", Build), ("ctest", Test), ("cmake --build", Build),
    ("ninja test", Test), ("ninja", Build), ("meson test", Test), ("bazel test", Test), ("bazel build", Build),
    ("bazelisk test", Test), ("buck2 test", Test), ("just test*", Test), ("just check", Test), ("just lint*", Lint),
    ("just build", Build), ("task test*", Test), ("mage test*", Test), ("earthly +test*", Test),
    ("dagger call test*", Test),
    // Other languages
    ("dotnet test", Test), ("dotnet build", Build), ("swift test", Test), ("swift build", Build),
    ("xcodebuild test", Test), ("rspec", Test), ("rake test*", Test), ("rake spec", Test), ("rails test*", Test),
    ("rubocop", Lint), ("minitest", Test), ("phpunit", Test), ("vendor/bin/phpunit", Test), ("pest", Test),
    ("artisan test", Test), ("php artisan test", Test), ("composer test*", Test), ("phpstan", Lint),
    ("mix test", Test), ("mix compile", Build), ("rebar3 eunit", Test), ("rebar3 ct", Test), ("cabal test", Test),
    ("stack test", Test), ("dune test", Test), ("dune runtest", Test), ("zig test", Test), ("zig build test", Test),
    ("zig build", Build), ("flutter test", Test), ("dart test", Test), ("julia --project test*", Test),
    ("busted", Test), ("bats", Test), ("shellcheck", Lint), ("prove", Test), ("sqlfluff lint", Lint),
    ("ansible-lint", Lint), ("ansible-playbook --check", Validation), ("molecule test", Test), ("pkl test", Test),
    ("opa test", Test), ("conftest test", Validation),
    // Manifests, clusters and fabrics
    ("kubectl apply --dry-run*", Validation), ("kubectl create --dry-run*", Validation),
    ("kubectl diff", Validation), ("kubectl wait", Validation), ("kubectl rollout status", Validation),
    ("kubeconform", Validation), ("kubeval", Validation), ("kube-linter lint", Validation),
    ("kyverno test", Validation), ("kuttl test", Test), ("chainsaw test", Test), ("helm lint", Lint),
    ("helm test", Test), ("helm template", Validation), ("kustomize build", Validation),
    ("argocd app diff", Validation), ("argocd app wait", Validation), ("flux diff", Validation),
    ("terraform validate", Validation), ("terraform plan", Validation), ("tofu validate", Validation),
    ("tofu plan", Validation), ("yamllint", Lint), ("hhfab validate", Validation), ("hhfab vlab test*", Test),
    ("hhfab vlab inspect", Validation), ("hhfab vlab wait*", Validation), ("hhfctl inspect", Validation),
    ("kubectl fabric inspect", Validation), ("hnpwb drift --exit-code", Validation),
];

/// Words that run what follows them.
const RUNNERS: &[&str] = &[
    "poetry run",
    "uv run",
    "pipenv run",
    "pdm run",
    "hatch run",
    "rye run",
    "npx",
    "bunx",
    "pnpm exec",
    "pnpm dlx",
    "yarn exec",
    "yarn dlx",
    "npm exec",
    "bundle exec",
    "direnv exec .",
    "mise exec --",
    "nix develop -c",
    "xvfb-run",
    "cargo llvm-cov run",
    "dotenv run",
];

/// Words with the name of a container behind them, which run what follows.
const CONTAINERS: &[&str] = &[
    "docker exec",
    "podman exec",
    "docker compose exec",
    "docker compose run",
    "docker-compose exec",
    "docker-compose run",
];

/// Options with which a program checks nothing.
const ASKS: [&str; 6] = ["--version", "--help", "-h", "--list", "--collect-only", "--no-run"];

/// What a command line checks: of several the most telling, of equals the last.
pub fn check_of(line: &str) -> Option<Check> {
    find(line).map(|found| found.check)
}

/// The check in a command line, if there is one.
pub fn find(line: &str) -> Option<Found> {
    // What a here-document holds is text, not commands.
    let line = match line.find("<<") {
        Some(at) => line[..at + line[at..].find('\n').unwrap_or(line.len() - at)].trim_end(),
        None => line,
    };
    let parts = parts(line);
    let mut best: Option<Found> = None;
    for (at, (part, _)) in parts.iter().enumerate() {
        let Some(check) = check_of_part(part) else { continue };
        let last = at + 1 == parts.len();
        let pipefail = line.contains("pipefail");
        let fails_with_it = |(index, (_, then)): (usize, &(&str, &str))| {
            index + 1 == parts.len() || *then == "&&" || (*then == "|" && pipefail)
        };
        let masked = !last && !parts.iter().enumerate().skip(at).all(fails_with_it);
        let found = Found { check, masked };
        if best.is_none_or(|best| (found.check, found.masked) <= (best.check, best.masked)) {
            best = Some(found);
        }
    }
    best
}

/// True for a command without quotes that is a check.
pub(super) fn is_check(words: &str) -> bool {
    !asks(words) && check_of_words(words).is_some()
}

/// A program asked for its version or help does not check.
fn asks(words: &str) -> bool {
    words.split(' ').any(|word| ASKS.contains(&word))
}

fn check_of_part(part: &str) -> Option<Check> {
    let texts = command::read(part).texts;
    if texts.iter().any(|text| asks(text)) { None } else { texts.iter().filter_map(|text| check_of_words(text)).min() }
}

fn check_of_words(text: &str) -> Option<Check> {
    let mut words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    loop {
        let joined = words.join(" ");
        let runs = |runner: &&&str| joined.strip_prefix(**runner).is_some_and(|rest| rest.starts_with(' '));
        let skip = if let Some(runner) = RUNNERS.iter().find(runs) {
            runner.split(' ').count()
        } else if let Some(runner) = CONTAINERS.iter().find(runs) {
            let words_of = runner.split(' ').count();
            // Options, then the container's name.
            words_of + words[words_of..].iter().take_while(|word| word.starts_with('-')).count() + 1
        } else {
            break;
        };
        if skip >= words.len() {
            return None;
        }
        words.drain(..skip);
    }
    let first = words.first()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    let fits = |form: &str| {
        let mut at = 0;
        form.split(' ').all(|wanted| {
            // Options may stand in between: `go -C x test`, `make -j4 test`; and before an option, anything.
            let optional = |word: &str| at > 0 && (word.starts_with(['-', '+']) || wanted.starts_with('-'));
            let found = words[at.min(words.len())..].iter().enumerate().find_map(|(ahead, word)| {
                let word = if at + ahead == 0 { name } else { word };
                if is_word(word, wanted) {
                    return Some(Some(at + ahead + 1));
                }
                (!optional(word)).then_some(None)
            });
            match found.flatten() {
                Some(next) => {
                    at = next;
                    true
                }
                None => false,
            }
        })
    };
    let bare = CHECKS.iter().filter(|(form, _)| fits(form));
    // The longest form is the most exact one: `make test` is not `make`.
    let (form, check) = bare.max_by_key(|(form, _)| form.split(' ').count())?;
    // `make` alone builds; with another target nobody knows.
    let other_target = *form == "make" && words[1..].iter().any(|word| !word.starts_with('-') && !word.contains('='));
    let other_goal = *form == "ninja" && words[1..].iter().any(|word| !word.starts_with('-'));
    (!other_target && !other_goal).then_some(*check)
}

fn is_word(word: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => wanted == "_" || word == wanted,
    }
}

/// The simple commands of a line, each with what stands behind it: `&&`, `||`, `|`, `;` or nothing.
fn parts(line: &str) -> Vec<(&str, &str)> {
    let bytes = line.as_bytes();
    let mut found: Vec<(&str, &str)> = Vec::new();
    let (mut start, mut at, mut quote) = (0, 0, None);
    let mut take = |start: usize, end: usize, then: &'static str| {
        if !line[start..end].trim().is_empty() {
            found.push((line[start..end].trim(), then));
        }
    };
    while at < bytes.len() {
        let (byte, next) = (bytes[at], bytes.get(at + 1));
        match (quote, byte) {
            (_, b'\\') => at += 1,
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'&' | b'|') if next == Some(&byte) => {
                take(start, at, if byte == b'&' { "&&" } else { "||" });
                at += 1;
                start = at + 1;
            }
            (None, b'|') => {
                take(start, at, "|");
                // `|&` is a pipe as well.
                at += usize::from(next == Some(&b'&'));
                start = at + 1;
            }
            (None, b'&') if next == Some(&b'>') || at.checked_sub(1).is_some_and(|before| bytes[before] == b'>') => {}
            (None, b';' | b'\n' | b'&') => {
                take(start, at, ";");
                start = at + 1;
            }
            (_, _) => {}
        }
        at += 1;
    }
    if start < line.len() {
        take(start, line.len(), "");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Check, check_of, find};

    #[test]
    fn checks_of_many_ecosystems_are_known() {
        use Check::{Build, Lint, Test, Validation};
        for (line, wanted) in [
            ("cargo test", Test),
            ("cargo +nightly test --lib -- a::b", Test),
            ("RUST_LOG=debug cargo nextest run -p x", Test),
            ("cd sub && cargo clippy --all-targets -- -D warnings", Lint),
            ("python -m pytest -q tests/test_drift.py", Test),
            ("python3.12 -m pytest", Test),
            ("./venv/bin/pytest tests -x", Test),
            ("poetry run pytest", Test),
            ("uv run python -m pytest", Test),
            ("python manage.py test netbox_hedgehog", Test),
            ("docker compose exec -T netbox python manage.py test", Test),
            ("go test ./...", Test),
            ("npm test -- --run", Test),
            ("npm run test:unit", Test),
            ("yarn test", Test),
            ("pnpm --filter web test", Test),
            ("npx vitest run", Test),
            ("npx jest --ci", Test),
            ("make -j4 test", Test),
            ("make", Build),
            ("tox -e py312", Test),
            ("mvn -q -DskipITs verify", Test),
            ("./gradlew test --info", Test),
            ("ctest --output-on-failure", Test),
            ("sudo timeout 60 make check", Test),
            ("kubectl --context lab apply -f x.yaml --dry-run=server", Validation),
            ("hhfab validate", Validation),
            ("cargo build && cargo test", Test),
            ("tsc --noEmit", Build),
            ("bash -c 'cargo test'", Test),
        ] {
            assert_eq!(check_of(line), Some(wanted), "{line}");
        }
    }

    #[test]
    fn what_only_looks_like_a_check_is_none() {
        for line in [
            "echo cargo test",
            "git commit -m 'cargo test passes'",
            "git commit -m \"$(cat <<'EOF'\nfix: it\n\ncargo test\npytest\nEOF\n)\"",
            "cat > run.sh <<EOF\npytest\nEOF",
            "grep -rn pytest .",
            "pip install pytest",
            "cargo --version",
            "pytest --version",
            "cargo test --help",
            "make deploy",
            "ls tests",
            "cat make",
            "git log --oneline -- tests",
            "kubectl get vpcs",
            "",
        ] {
            assert_eq!(check_of(line), None, "{line}");
        }
    }

    #[test]
    fn an_exit_status_that_is_not_the_checks_own_says_nothing() {
        let masked = |line| find(line).unwrap().masked;
        for line in [
            "pytest | tail -5",
            "make test || true",
            "cargo test; echo done",
            "pytest 2>&1 | tee log",
            "pytest &\nwait",
        ] {
            assert!(masked(line), "{line}");
        }
        for line in [
            "pytest",
            "cd a; pytest",
            "cd a && pytest && git commit -m x",
            "set -o pipefail; pytest | tee log",
            "pytest > log 2>&1",
            "pytest;",
            "cargo test &> log",
            "npm run build; npm test",
        ] {
            assert!(!masked(line), "{line}");
        }
    }
}
