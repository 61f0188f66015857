//! Where everything of a deployment lies: the one place that knows the paths.
//!
//! Paths are those of the server, as they are written into files there. [`Layout::on_disk`] puts the folder in front that takes the place of
//! `/`, which is another one in tests and in images that are being made.

use std::path::{Path, PathBuf};

use super::Choices;

/// The folder of systemd's units that an administrator makes.
pub(crate) const UNITS: &str = "/etc/systemd/system";

/// The folders where Debian keeps NGINX's sites, and where others do.
pub(crate) const SITES_AVAILABLE: &str = "/etc/nginx/sites-available";
pub(crate) const SITES_ENABLED: &str = "/etc/nginx/sites-enabled";
pub(crate) const CONF_D: &str = "/etc/nginx/conf.d";

/// The paths of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    name: String,
    root: PathBuf,
}

impl Layout {
    /// The paths of the deployment of that name on this machine.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Layout { name: name.into(), root: PathBuf::from("/") }
    }

    /// The paths of the deployment with these choices.
    pub(crate) fn of(choices: &Choices) -> Self {
        Layout::new(choices.name.clone())
    }

    /// The same with another folder in the place of `/`.
    pub(crate) fn rooted(self, root: impl Into<PathBuf>) -> Self {
        Layout { root: root.into(), ..self }
    }

    /// The name that all paths are made of.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where a path of the server is found by this process.
    pub(crate) fn on_disk(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// `/opt/NAME`: binaries and static files, readable for everybody.
    pub(crate) fn home(&self) -> PathBuf {
        Path::new("/opt").join(&self.name)
    }

    /// The folder of all versions that are kept.
    pub(crate) fn versions(&self) -> PathBuf {
        self.home().join("versions")
    }

    /// The folder of one version.
    pub(crate) fn version(&self, version: &str) -> PathBuf {
        self.versions().join(version)
    }

    /// The binary of one version.
    pub(crate) fn version_binary(&self, version: &str) -> PathBuf {
        self.version(version).join(&self.name)
    }

    /// The link to the folder of the version that runs.
    pub(crate) fn current(&self) -> PathBuf {
        self.home().join("current")
    }

    /// The link to the folder of the version before it.
    pub(crate) fn previous(&self) -> PathBuf {
        self.home().join("previous")
    }

    /// The link to the folder of the version that is being tried.
    pub(crate) fn next(&self) -> PathBuf {
        self.home().join("next")
    }

    /// The binary that the units start.
    pub(crate) fn binary(&self) -> PathBuf {
        self.current().join(&self.name)
    }

    /// The binary that the unit of the trial starts.
    pub(crate) fn next_binary(&self) -> PathBuf {
        self.next().join(&self.name)
    }

    /// The static files that NGINX serves, where nobody names another folder. Versions share it, because pages of the last one are still open.
    pub(crate) fn public(&self) -> PathBuf {
        self.home().join("public")
    }

    /// The page that NGINX shows while no process answers.
    pub(crate) fn maintenance(&self) -> PathBuf {
        self.home().join("maintenance.html")
    }

    /// `/etc/NAME`: what only root may read.
    pub(crate) fn etc(&self) -> PathBuf {
        Path::new("/etc").join(&self.name)
    }

    /// Variables of the process, among them the secret key.
    pub(crate) fn environment(&self) -> PathBuf {
        self.etc().join("environment")
    }

    /// The folder of what `!credential` reads.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.etc().join("credentials")
    }

    /// The file of one credential.
    pub(crate) fn credential(&self, id: &str) -> PathBuf {
        self.credentials().join(id)
    }

    /// The choices of the deployment.
    pub(crate) fn choices(&self) -> PathBuf {
        self.etc().join("deploy.json")
    }

    /// What the process writes.
    pub(crate) fn state(&self) -> PathBuf {
        Path::new("/var/lib").join(&self.name)
    }

    /// The folder of socket files.
    pub(crate) fn run(&self) -> PathBuf {
        Path::new("/run").join(&self.name)
    }

    /// The socket file of an instance; a single one has no number.
    pub(crate) fn http_socket(&self, instance: Option<u16>) -> PathBuf {
        self.run().join(numbered("http", instance))
    }

    /// The socket file for health checks and figures of an instance.
    pub(crate) fn admin_socket(&self, instance: Option<u16>) -> PathBuf {
        self.run().join(numbered("admin", instance))
    }

    /// A unit's file, such as that of `shop.service`.
    pub(crate) fn unit(&self, unit: &str) -> PathBuf {
        Path::new(UNITS).join(unit)
    }

    /// The service of an instance, as `systemctl` names it.
    pub(crate) fn service(&self, instance: Option<u16>) -> String {
        self.instance("", instance, "service")
    }

    /// The unit of an instance's socket.
    pub(crate) fn socket(&self, instance: Option<u16>) -> String {
        self.instance("", instance, "socket")
    }

    /// The unit of an instance's socket for health checks and figures.
    pub(crate) fn admin(&self, instance: Option<u16>) -> String {
        self.instance("-admin", instance, "socket")
    }

    /// The unit that wants all instances, where there are several.
    pub(crate) fn target(&self) -> String {
        format!("{}.target", self.name)
    }

    /// The unit that tries the next version.
    pub(crate) fn trial(&self) -> String {
        format!("{}-trial.service", self.name)
    }

    /// NGINX's file of the site where Debian keeps such files.
    pub(crate) fn site_available(&self) -> PathBuf {
        Path::new(SITES_AVAILABLE).join(&self.name)
    }

    /// The link that makes NGINX read it.
    pub(crate) fn site_enabled(&self) -> PathBuf {
        Path::new(SITES_ENABLED).join(&self.name)
    }

    /// NGINX's file of the site where others keep it.
    pub(crate) fn conf_d(&self) -> PathBuf {
        Path::new(CONF_D).join(format!("{}.conf", self.name))
    }

    /// NGINX's cache of public pages. NGINX makes the folder itself, but none above it, and Debian's has no `/var/cache/nginx`.
    pub(crate) fn cache(&self) -> PathBuf {
        Path::new("/var/cache").join(format!("nginx-{}", self.name))
    }

    fn instance(&self, part: &str, instance: Option<u16>, kind: &str) -> String {
        let number = instance.map(|number| format!("@{number}")).unwrap_or_default();
        format!("{}{part}{number}.{kind}", self.name)
    }
}

fn numbered(what: &str, instance: Option<u16>) -> String {
    instance.map_or_else(|| format!("{what}.sock"), |number| format!("{what}-{number}.sock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_instances_are_numbered_and_a_single_one_is_not() {
        let layout = Layout::new("shop");
        assert_eq!(layout.http_socket(None), Path::new("/run/shop/http.sock"));
        assert_eq!(layout.admin_socket(Some(2)), Path::new("/run/shop/admin-2.sock"));
        assert_eq!([layout.service(None), layout.admin(Some(2))], ["shop.service", "shop-admin@2.socket"]);
        let choices = Choices { instances: 2, ..Choices::default() };
        assert_eq!(choices.instances(), [Some(1), Some(2)]);
    }

    #[test]
    fn another_root_changes_what_is_opened_and_not_what_is_written() {
        let layout = Layout::new("shop").rooted("/tmp/image");
        assert_eq!(layout.binary(), Path::new("/opt/shop/current/shop"));
        assert_eq!(layout.on_disk(layout.binary()), Path::new("/tmp/image/opt/shop/current/shop"));
        assert_eq!(Layout::new("shop").on_disk("/etc/shop"), Path::new("/etc/shop"));
    }
}
