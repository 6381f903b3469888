// The blog of the wordpress peer, by its REST API (https://developer.wordpress.org/rest-api/reference/).
import { peer } from './peers.mjs';

/**
 * The blog as one of its people sees it, signed in by application password.
 * @param {'administrator'|'editor'|'subscriber'|'visitor'} role a visitor is not signed in
 */
export function blog(role = 'administrator') {
  const at = peer('wordpress');
  const account = at.accounts.find((one) => one.role === role);
  if (!account && role !== 'visitor') throw new Error(`the wordpress peer has no ${role}`);
  return new Blog(at, account);
}

class Blog {
  #at;
  #account;

  constructor(at, account) {
    this.#at = at;
    this.#account = account;
  }

  get url() {
    return this.#at.url;
  }

  get commentsFeed() {
    return this.#at.feed_comments;
  }

  get postsFeed() {
    return this.#at.feed_posts;
  }

  /** User name and application password, as a person would type them into Tresen. */
  get account() {
    return { user: this.#account.user, applicationPassword: this.#account.application_password };
  }

  /**
   * @param {string} method
   * @param {string} path below `/wp-json/wp/v2`, with a slash before
   * @param {object} [body]
   * @throws {Error} with WordPress's own words when it refuses
   */
  async request(method, path, body) {
    const headers = { Accept: 'application/json' };
    if (body) headers['Content-Type'] = 'application/json';
    if (this.#account) {
      headers.Authorization = `Basic ${Buffer.from(`${this.#account.user}:${this.#account.application_password}`).toString('base64')}`;
    }
    const response = await fetch(this.#at.api + path, { method, headers, body: body && JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`WordPress refuses ${method} ${path}: ${response.status} ${answer.message ?? ''}`);
    return answer;
  }

  /** @returns {Promise<{ id: number, link: string }>} */
  publishPost({ title, content, excerpt, commentsOpen = true }) {
    return this.request('POST', '/posts', { title, content, excerpt, status: 'publish', comment_status: commentsOpen ? 'open' : 'closed' });
  }

  editPost(id, fields) {
    return this.request('POST', `/posts/${id}`, fields);
  }

  /** For good, not into the bin. */
  deletePost(id) {
    return this.request('DELETE', `/posts/${id}?force=true`);
  }

  /** A visitor gives `name` and `email`; whoever is signed in needs neither. */
  comment({ post, content, parent = 0, name, email }) {
    return this.request('POST', '/comments', { post, content, parent, author_name: name, author_email: email });
  }

  /** The newest hundred comments below a post. */
  comments(post) {
    return this.request('GET', `/comments?post=${post}&per_page=100`);
  }
}
