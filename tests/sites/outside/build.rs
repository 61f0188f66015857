fn main() {
    kalgan::build::site("app");
}
