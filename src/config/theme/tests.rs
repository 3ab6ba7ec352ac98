//! Tests of theme files: the built-in ones with their contrast, and what is said about broken ones.

use super::{BUILT_IN, Role, Theme, load, parse};
use crate::config::paths::Paths;
use crate::config::problem::Problem;
use crate::config::tests::stems;
use ratatui::style::{Color, Modifier, Style};
use std::path::{Path, PathBuf};

fn alone(text: &str) -> Result<Theme, Vec<Problem>> {
    parse(text, Path::new("t.toml"), "t", &|_| Ok(None))
}

fn wrong(text: &str) -> Vec<String> {
    alone(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// Relative luminance after WCAG 2.2.
fn luminance(colour: Color) -> f64 {
    let Color::Rgb(r, g, b) = colour else { panic!("{colour} is no #rrggbb") };
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// Contrast ratio after WCAG 2.2, from 1 to 21.
fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_theme_of_the_folder_is_built_in_and_clean() {
    assert_eq!(stems("themes"), BUILT_IN.map(|(name, _)| name));
    for (name, text) in BUILT_IN {
        let theme = parse(text, Path::new(name), name, &|_| Ok(None));
        assert!(theme.is_ok(), "{name}: {:?}", theme.unwrap_err());
    }
}

#[test]
fn text_can_be_read_on_its_ground_and_in_the_selected_row() {
    for (name, least, border) in
        [("hedgehog-dark", 4.5, 3.0), ("hedgehog-light", 4.5, 3.0), ("high-contrast", 7.0, 7.0)]
    {
        let theme = Theme::built_in(name).unwrap();
        let ground = theme.style(Role::Background).bg.unwrap();
        let selected = theme.style(Role::Selection).bg.unwrap();
        for role in Role::ALL {
            let style = theme.style(role);
            let (key, ink) = (role.key(), style.fg);
            match role {
                Role::Background | Role::Selection | Role::Border => {}
                Role::Gate | Role::Match => {
                    let ratio = contrast(ink.unwrap(), style.bg.unwrap());
                    assert!(ratio >= least, "{name}: {key} has {ratio:.2}");
                }
                Role::BorderFocus => {
                    let ratio = contrast(ink.unwrap(), ground);
                    assert!(ratio >= border, "{name}: {key} has {ratio:.2}");
                }
                _ => {
                    for (place, under) in [("the ground", ground), ("the selected row", selected)] {
                        let ratio = contrast(ink.unwrap(), under);
                        assert!(ratio >= least, "{name}: {key} has {ratio:.2} on {place}");
                    }
                }
            }
        }
        assert!(contrast(ground, selected) > 1.1, "{name}: the selected row must be seen");
    }
}

/// The colour of an index of xterm's palette.
fn rgb(index: Color) -> Color {
    let Color::Indexed(n) = index else { panic!("{index} is no index") };
    let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match n {
        16..=231 => Color::Rgb(step((n - 16) / 36), step((n - 16) / 6 % 6), step((n - 16) % 6)),
        232.. => Color::Rgb(8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232)),
        _ => panic!("{n} is the user's own"),
    }
}

#[test]
fn with_256_colours_text_can_still_be_read_and_states_are_told_apart() {
    use crate::domain::agent::AgentState::{Crashed, Waiting, Working};
    for (name, least) in [("hedgehog-dark", 4.5), ("hedgehog-light", 4.5), ("high-contrast", 7.0)] {
        let theme = Theme::built_in(name).unwrap().in_256_colours();
        let ground = rgb(theme.style(Role::Background).bg.unwrap());
        for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Border)) {
            let style = theme.style(role);
            let under = style.bg.map_or(ground, rgb);
            let Some(ink) = style.fg.map(rgb) else { continue };
            let ratio = contrast(ink, under);
            assert!(ratio >= least, "{name}: {} has {ratio:.2}", role.key());
        }
        let [working, waiting, crashed] = [Working, Waiting, Crashed].map(|state| theme.style(Role::State(state)).fg);
        assert!(working != waiting && waiting != crashed && crashed != working, "{name}");
        assert_ne!(theme.style(Role::Selection).bg, theme.style(Role::Background).bg, "{name}");
    }
}

#[test]
fn borders_are_quiet_but_there() {
    for (name, least) in [("hedgehog-dark", 1.5), ("hedgehog-light", 1.5), ("high-contrast", 7.0)] {
        let theme = Theme::built_in(name).unwrap();
        let ratio = contrast(theme.style(Role::Border).fg.unwrap(), theme.style(Role::Background).bg.unwrap());
        assert!(ratio >= least, "{name}: {ratio:.2}");
    }
}

#[test]
fn what_is_not_known_never_looks_good() {
    use crate::domain::{drift::DriftState, health::HealthState};
    for (name, _) in BUILT_IN {
        let theme = Theme::built_in(name).unwrap();
        let good = theme.style(Role::Health(HealthState::Healthy));
        assert_ne!(theme.style(Role::Health(HealthState::NoSignal)), good, "{name}");
        assert_ne!(theme.style(Role::Health(HealthState::Unknown)), good, "{name}");
        assert_ne!(
            theme.style(Role::Drift(DriftState::Unknown)),
            theme.style(Role::Drift(DriftState::Synced)),
            "{name}"
        );
    }
}

#[test]
fn without_colour_there_is_no_colour_and_the_important_still_stands_out() {
    let theme = Theme::no_colour();
    for role in Role::ALL {
        let style = theme.style(role);
        assert_eq!((style.fg, style.bg), (None, None), "{}", role.key());
    }
    assert_eq!(theme.style(Role::Selection), Style::new().add_modifier(Modifier::REVERSED));
    assert_ne!(theme.style(Role::Error), theme.style(Role::Text));
}

#[test]
fn a_role_takes_its_own_style_then_its_parents() {
    let theme = alone(
        "[palette]\nred = \"#010203\"\n[roles]\ntext = \"white\"\ngit = \"red\"\n\"git.ref\" = \"#0a0b0c\"\n\
         error = { fg = \"light-red\", bg = \"black\", modifiers = [\"bold\", \"underlined\"] }\n",
    )
    .unwrap();
    assert_eq!(theme.style(Role::GitRefTag).fg, Some(Color::Rgb(10, 11, 12)));
    assert_eq!(theme.style(Role::GitHash).fg, Some(Color::Rgb(1, 2, 3)), "the palette wins over ANSI names");
    assert_eq!(theme.style(Role::AgentTool).fg, Some(Color::White));
    let error = Style::new().fg(Color::LightRed).bg(Color::Black).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    assert_eq!(theme.style(Role::Error), error);
    assert_eq!(theme.style(Role::Selection), Style::new().add_modifier(Modifier::REVERSED));
}

#[test]
fn an_heir_may_change_the_palette_alone() {
    let theme = alone("inherits = \"hedgehog-dark\"\n[palette]\nmoss = \"#00ff00\"\n").unwrap();
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(0, 255, 0)));
    assert_eq!(theme.style(Role::Text), Theme::default().style(Role::Text));
}

#[test]
fn everything_wrong_with_a_theme_is_said_at_once() {
    let text = "colours = 1\n[palette]\nmud = \"brownish\"\n[roles]\ntext = \"chalkk\"\nborder.focus = \"red\"\n\
                warm = \"red\"\nok = { fg = \"red\", modifiers = [\"blink\"], size = 3 }\nerror = 7\n";
    assert_eq!(
        wrong(text),
        [
            "t.toml:1:1: unknown key \"colours\"; known are inherits, palette, roles (in a theme)",
            "t.toml:3:7: \"brownish\" is no colour: write \"#rrggbb\" or an ANSI name such as \"light-blue\"",
            "t.toml:5:8: unknown colour \"chalkk\" (nor is it \"#rrggbb\" or an ANSI name)",
            "t.toml:6:8: write dotted roles in quotes: \"border.focus\"",
            "t.toml:7:1: unknown role \"warm\"; did you mean \"warn\"?",
            "t.toml:8:33: unknown modifier \"blink\"; known are bold, dim, italic, underlined, reversed, crossed-out",
            "t.toml:8:43: unknown key \"size\"; known are fg, bg, modifiers (in the role \"ok\")",
            "t.toml:9:9: \"error\" must be a colour or a table with fg, bg and modifiers, not an integer",
        ]
    );
}

#[test]
fn themes_that_inherit_in_a_circle_are_refused() {
    let find = |_: &str| Ok(Some((PathBuf::from("b.toml"), "inherits = \"b\"".to_owned())));
    let problems = parse("inherits = \"b\"", Path::new("a.toml"), "a", &find).unwrap_err();
    assert!(problems[0].message.contains("inherits from itself"), "{problems:?}");
    assert_eq!(wrong("inherits = \"hedgehog-drak\"").len(), 1);
}

#[test]
fn the_users_theme_may_extend_the_built_in_one_of_its_name_and_a_bad_one_falls_back() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().as_os_str().to_owned();
    let paths = Paths::from_vars(|name| (name == "XDG_CONFIG_HOME").then(|| config.clone()));
    let themes = paths.config.join("themes");
    std::fs::create_dir_all(&themes).unwrap();
    std::fs::write(themes.join("hedgehog-dark.toml"), "inherits = \"hedgehog-dark\"\n[roles]\nok = \"#00ff00\"\n")
        .unwrap();
    std::fs::write(themes.join("mine.toml"), "inherits = \"hedgehog-dark\"\n[roles]\nwarn = \"red\"\n").unwrap();
    std::fs::write(themes.join("high-contrast.toml"), "[roles\n").unwrap();

    let (own, problems) = load("hedgehog-dark", &paths);
    assert_eq!((own.style(Role::Ok).fg, problems.len()), (Some(Color::Rgb(0, 255, 0)), 0));
    let (mine, _) = load("mine", &paths);
    assert_eq!(mine.style(Role::Ok).fg, Some(Color::Rgb(0, 255, 0)), "an heir of the user's own theme");
    assert_eq!(mine.style(Role::Warn).fg, Some(Color::Red));
    let (fallen, problems) = load("high-contrast", &paths);
    assert_eq!(Some(fallen), Theme::built_in("high-contrast"));
    assert!(!problems.is_empty());
    let (unknown, problems) = load("solarised", &paths);
    assert_eq!((unknown, problems.len()), (Theme::default(), 1));
}

#[test]
fn the_document_names_every_role() {
    let document = include_str!("../../../docs/themes.md");
    for role in Role::ALL {
        let (group, last) = role.key().rsplit_once('.').unwrap_or(("", role.key()));
        let by_group =
            document.lines().any(|line| line.contains(&format!("`{group}.`")) && line.contains(&format!("`{last}`")));
        let lane = matches!(role, Role::Lane(_)) && document.contains("`lane.0` … `lane.5`");
        assert!(document.contains(&format!("`{}`", role.key())) || by_group || lane, "{}", role.key());
    }
}

#[test]
fn the_example_in_the_document_is_right() {
    let document = include_str!("../../../docs/themes.md");
    let example = document.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(alone(example).is_ok(), "{:?}", alone(example));
}
