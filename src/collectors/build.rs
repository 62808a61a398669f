/// Declares a metric that says what was built, `build_info`: of value 1, with the package's `name` and `version`, the
/// `commit` and the compiler (`rustc`) as labels. It is a constant like any declaration, and needs no build script.
///
/// ```
/// use enumetrics::{build_info, catalog};
///
/// build_info! { pub static BUILD: Build; }
/// catalog! { pub static METRICS = [BUILD]; }
///
/// let version = env!("CARGO_PKG_VERSION");
/// assert!(METRICS.render().contains(&format!("version=\"{version}\"")));
/// ```
///
/// A query joins it to other metrics: `up * on (instance) group_left (version) build_info`.
///
/// The commit is the first of these variables that is set when the program is compiled, or `unknown`: `GIT_COMMIT`,
/// `GITHUB_SHA`, `CI_COMMIT_SHA`, `VERGEN_GIT_SHA`. So `GIT_COMMIT=$(git rev-parse HEAD) cargo build` is enough, and Cargo
/// compiles again what depends on it when it changes. Or say it, with any constant text:
///
/// ```
/// # use enumetrics::{build_info, catalog};
/// build_info! { pub static BUILD: Build, commit = concat!("v", env!("CARGO_PKG_VERSION")); }
/// catalog! { pub static METRICS = [BUILD]; }
/// # assert!(METRICS.render().contains("commit=\"v"));
/// ```
///
/// With `namespace = "kyc"` behind the type, and before the commit, it is `kyc_build_info`.
#[macro_export]
macro_rules! build_info {
    ($vis:vis static $name:ident: $type:ident $(, namespace = $namespace:literal)? $(;)?) => {
        $crate::build_info! {
            $vis static $name: $type $(, namespace = $namespace)?, commit = {
                let known = [
                    option_env!("GIT_COMMIT"),
                    option_env!("GITHUB_SHA"),
                    option_env!("CI_COMMIT_SHA"),
                    option_env!("VERGEN_GIT_SHA"),
                ];
                $crate::__private::first_of(&known)
            };
        }
    };
    ($vis:vis static $name:ident: $type:ident $(, namespace = $namespace:literal)?, commit = $commit:expr $(;)?) => {
        #[$crate::metric_family(
            crate = $crate,
            $(namespace = $namespace,)?
            labels(
                name = env!("CARGO_PKG_NAME"),
                version = env!("CARGO_PKG_VERSION"),
                commit = $commit,
                rustc = $crate::__private::RUSTC,
            )
        )]
        #[derive(Debug)]
        $vis struct $type {
            /// What was built.
            pub build_info: $crate::Info<()>,
        }

        $vis static $name: $type = $type::new();
    };
}
