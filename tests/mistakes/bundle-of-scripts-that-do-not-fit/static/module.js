// A module
import { a } from "./a.js";
