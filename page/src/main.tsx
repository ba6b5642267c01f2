import { render } from "preact";
import { App } from "./app";
import "./tokens.css";
import "./style.css";

render(<App />, document.getElementById("app")!);
