//! Where a file lies, as rules look at it: globs, and inside or outside of the project.

/// The folders that a session's rules are about. Paths are absolute and without a slash at their end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// Folder that the agent works in.
    pub cwd: String,
    /// The user's home.
    pub home: String,
    /// The session's root first, then other working trees of the project.
    pub roots: Vec<String>,
    /// Folders outside of it in which agents write as a matter of course: temporary ones, plans, their own memory.
    pub free: Vec<String>,
}

impl Ground {
    /// An absolute path without `.`, `..` and double slashes, by its text alone.
    pub fn absolute(&self, path: &str) -> String {
        let whole = match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.home),
            _ if path.starts_with('/') => path.to_owned(),
            _ => format!("{}/{path}", self.cwd),
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                name => parts.push(name),
            }
        }
        format!("/{}", parts.join("/"))
    }

    /// True if a file lies outside of the project and of the folders that agents write in as a matter of course.
    pub fn is_outside(&self, file: &str) -> bool {
        !self.roots.iter().chain(&self.free).any(|folder| below(file, folder).is_some())
    }

    /// True if a glob names this file. `*` and `?` stay within one name, `**` stands for any number of folders. A glob
    /// without a slash names files anywhere; any other is below the project's folders, `~` the home directory, or absolute.
    pub fn names(&self, glob: &str, file: &str) -> bool {
        let segments: Vec<&str> = file.trim_start_matches('/').split('/').collect();
        if !glob.contains('/') {
            return segments.last().is_some_and(|name| name_matches(glob, name));
        }
        let absolute = match glob.strip_prefix("~/") {
            Some(rest) => Some(format!("{}/{rest}", self.home)),
            None if glob.starts_with('/') => Some(glob.to_owned()),
            None if glob.starts_with("**/") => Some(format!("/{glob}")),
            None => None,
        };
        if let Some(absolute) = absolute {
            return path_matches(&parts(&absolute), &segments);
        }
        self.roots.iter().any(|root| {
            below(file, root).is_some_and(|rest| path_matches(&parts(glob), &rest.split('/').collect::<Vec<_>>()))
        })
    }
}

/// The rest of a path below a folder.
fn below<'f>(file: &'f str, folder: &str) -> Option<&'f str> {
    let rest = file.strip_prefix(folder.trim_end_matches('/'))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn parts(glob: &str) -> Vec<&str> {
    glob.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}

/// Whether the parts of a glob match the parts of a path. Time grows with the product of their numbers.
fn path_matches(glob: &[&str], path: &[&str]) -> bool {
    // Row by row: which lengths of the path the glob can have matched so far.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for part in glob {
        let mut next = vec![false; path.len() + 1];
        if *part == "**" {
            let mut seen = false;
            for (to, from) in next.iter_mut().zip(&reached) {
                seen |= *from;
                *to = seen;
            }
        } else {
            for (at, name) in path.iter().enumerate() {
                next[at + 1] = reached[at] && name_matches(part, name);
            }
        }
        reached = next;
    }
    reached[path.len()]
}

/// Whether a name matches `*` and `?`. Time grows with the product of the lengths.
fn name_matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut g, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match &mut star {
                Some((at, taken)) => {
                    *taken += 1;
                    (g, n) = (*at + 1, *taken);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

/// The project that tests of rules are about.
#[cfg(test)]
pub(crate) fn example() -> Ground {
    Ground {
        cwd: "/repo/app".to_owned(),
        home: "/home/me".to_owned(),
        roots: vec!["/repo/app".to_owned()],
        free: vec!["/tmp".to_owned(), "/home/me/.claude/plans".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::{Ground, name_matches};

    fn ground() -> Ground {
        Ground {
            cwd: "/repo/app/src".to_owned(),
            home: "/home/me".to_owned(),
            roots: vec!["/repo/app".to_owned(), "/repo/app-2".to_owned()],
            free: vec!["/tmp".to_owned()],
        }
    }

    #[test]
    fn a_path_is_read_from_the_agents_folder() {
        let ground = ground();
        for (path, absolute) in [
            ("a.rs", "/repo/app/src/a.rs"),
            ("../../x", "/repo/x"),
            ("/a//b/./c/..", "/a/b"),
            ("~/k", "/home/me/k"),
            ("~other/k", "/repo/app/src/~other/k"),
            ("/../..", "/"),
        ] {
            assert_eq!(ground.absolute(path), absolute, "{path}");
        }
    }

    #[test]
    fn inside_is_the_project_and_where_agents_write_anyway() {
        let ground = ground();
        for inside in ["/repo/app/x", "/repo/app", "/repo/app-2/y/z", "/tmp/a"] {
            assert!(!ground.is_outside(inside), "{inside}");
        }
        for outside in ["/repo/application/x", "/repo", "/etc/hosts", "/home/me/.bashrc"] {
            assert!(ground.is_outside(outside), "{outside}");
        }
    }

    #[test]
    fn globs_name_files() {
        let ground = ground();
        for (glob, file, named) in [
            ("*.pem", "/etc/ssl/key.pem", true),
            (".env*", "/repo/app/.env.local", true),
            ("**/.claude/settings*.json", "/home/me/.claude/settings.local.json", true),
            ("**/.claude/settings*.json", "/.claude/settings.json", true),
            ("~/.ssh/**", "/home/me/.ssh/keys/id", true),
            ("~/.ssh/**", "/home/you/.ssh/id", false),
            ("infra/**/*.tf", "/repo/app/infra/a/b/main.tf", true),
            ("infra/**/*.tf", "/repo/app-2/infra/main.tf", true),
            ("infra/**/*.tf", "/elsewhere/infra/main.tf", false),
            ("src/*.rs", "/repo/app/src/deep/a.rs", false),
            ("/etc/**", "/etc", true),
            ("/etc/*", "/etc/ssl/x", false),
        ] {
            assert_eq!(ground.names(glob, file), named, "{glob} {file}");
        }
    }

    #[test]
    fn stars_do_not_run_away() {
        assert!(!name_matches(&"*a".repeat(200), &"a".repeat(190)));
        assert!(name_matches("a*b?c", "a--bxc") && name_matches("*", "") && !name_matches("?", ""));
    }
}
