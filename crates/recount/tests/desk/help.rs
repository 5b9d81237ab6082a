//! The help texts, as reviewed: a change of any shows here.

use crate::scene::Scene;

#[test]
fn every_command_explains_itself_with_an_example() {
    let scene = Scene::new();
    let commands = [
        "",
        "reconstruct",
        "new",
        "add",
        "sync",
        "transcribe",
        "model",
        "place",
        "clock",
        "status",
        "why",
        "find",
        "import",
        "search",
        "serve",
        "export",
        "verify",
        "completions",
        "man",
    ];
    for command in commands {
        let arguments: Vec<&str> =
            if command.is_empty() { vec!["--help"] } else { vec![command, "--help"] };
        let help = scene.done(&arguments).out;
        assert!(help.contains("Example"), "{command}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{command}");
        let name = if command.is_empty() { "recount" } else { command };
        insta::assert_snapshot!(name, help);
    }
}

#[test]
fn the_exit_codes_are_told() {
    let scene = Scene::new();
    let help = scene.done(&["--help"]).out;
    for line in ["0  done", "1  done, and", "2  the command", "3  stopped", "4  it could not"] {
        assert!(help.contains(line), "{line}");
    }
    assert_eq!(scene.run(&["no-such-command"]).code, 2);
    assert_eq!(scene.run(&[]).code, 2);
}
