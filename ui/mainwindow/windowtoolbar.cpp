// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/windowtoolbar.h"

#include "ui/mainwindow/capturebutton.h"
#include "ui/mainwindow/filterline.h"
#include "ui/mainwindow/windowactions.h"
#include "ui/models/tokentext.h"
#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QAction>
#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QStyle>

#include <algorithm>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr int kHeight = 44;        ///< px
constexpr int kCrumbAbove = 1000;  ///< px of window width
constexpr int kDetailAbove = 1180; ///< px of window width, in Inspect
constexpr int kFilterAbove = 1360; ///< px of window width: below, a word in the crumb needs the room
constexpr int kModelWidth = 280;   ///< px
constexpr int kModelBrief = 148;   ///< px
constexpr int kFilterWidth = 270;  ///< px
constexpr int kFilterBrief = 150;  ///< px
constexpr int kFilterMost = 400;   ///< px, for a filter that needs them, where they are free
constexpr int kMostTokenText = 24; ///< characters
constexpr int kWordRoom = 8;       ///< px of a crumb beside its words
constexpr int kTokenRoom = 14;     ///< the same of the token's text, in its box

/** Between two groups of the toolbar. */
class ToolBarLine : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.fillRect(width() / 2, 0, 1, height(), theme().color(Color::Border));
    }
};

} // namespace

ModelButton::ModelButton(QWidget* parent) : QAbstractButton(parent) {
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed); // the crumb gives way, so that nothing else moves
    setFocusPolicy(Qt::StrongFocus);
    setProperty("focusRing", true);
    setModel({}, {});
}

void ModelButton::setModel(const QString& name, const QString& detail) {
    m_name = name.isEmpty() ? tr("No model") : name;
    m_detail = detail;
    setAccessibleName(tr("Model: %1 %2").arg(m_name, m_detail).trimmed());
    setToolTip(plainToolTip(QStringLiteral("%1 %2").arg(m_name, m_detail).trimmed()));
    updateGeometry();
    update();
}

void ModelButton::setBrief(bool brief) {
    m_brief = brief;
    updateGeometry();
    update();
}

QSize ModelButton::sizeHint() const {
    return {qRound((m_brief ? kModelBrief : kModelWidth) * theme().fontScale()), 28};
}

void ModelButton::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(look.color(Color::Border));
    painter.setBrush(look.color(isDown() ? Color::Pressed : underMouse() ? Color::Hover : Color::Raised));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter.drawPixmap(
        width() - 24, (height() - 16) / 2,
        look.pixmap(QStringLiteral("chevron-down"), 16, look.color(Color::TextSecondary), devicePixelRatioF()));
    painter.drawPixmap(8, (height() - 16) / 2,
                       look.pixmap(QStringLiteral("model"), 16, look.color(Color::TextSecondary), devicePixelRatioF()));
    QRect box = rect().adjusted(32, 0, -28, 0);
    painter.setFont(look.font(TextStyle::UiStrong));
    painter.setPen(look.color(Color::Text));
    // A long name leaves room for the type, which tells two files of one model apart.
    const int detail =
        m_brief || m_detail.isEmpty()
            ? 0
            : qMin(QFontMetrics(look.font(TextStyle::Small)).horizontalAdvance(m_detail) + 9, box.width() / 2);
    const QString name = QFontMetrics(painter.font()).elidedText(m_name, Qt::ElideRight, box.width() - detail);
    painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter, name);
    if (!m_brief) {
        box.setLeft(box.left() + QFontMetrics(painter.font()).horizontalAdvance(name) + 8);
        painter.setFont(look.font(TextStyle::Small));
        painter.setPen(look.color(Color::TextMuted));
        painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter,
                         QFontMetrics(painter.font()).elidedText(m_detail, Qt::ElideRight, box.width()));
    }
}

void ModelButton::enterEvent(QEnterEvent*) { update(); }

void ModelButton::leaveEvent(QEvent*) { update(); }

void ModelButton::changeEvent(QEvent* event) {
    QAbstractButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
    }
}

SelectionCrumb::SelectionCrumb(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void SelectionCrumb::setSelection(const SelectionState& state, bool following, const QString& tokenText) {
    m_state = state;
    m_following = following;
    const QString word = tokenName(tokenText);
    m_tokenText = word.size() > kMostTokenText ? word.left(kMostTokenText - 1) + QStringLiteral("…") : word;
    setAccessibleName(tr("Selection: %1").arg(text()));
    updateGeometry();
    update();
}

void SelectionCrumb::setLead(const QString& lead) {
    if (lead != m_lead) {
        m_lead = lead;
        setAccessibleName(tr("Selection: %1").arg(text()));
        updateGeometry();
        update();
    }
}

QList<SelectionCrumb::Part> SelectionCrumb::parts() const {
    QList<Part> parts;
    const auto add = [&](const QString& words) {
        if (!parts.isEmpty()) {
            parts.append({QStringLiteral("›"), false, true});
        }
        parts.append({words, false, false});
    };
    if (!m_lead.isEmpty()) {
        add(m_lead);
    }
    if (m_state.token >= 0) {
        add(m_following ? tr("Following token %1").arg(tokenNumber(m_state.token))
                        : tr("Token %1").arg(tokenNumber(m_state.token)));
        if (!m_tokenText.isEmpty()) {
            parts.append({m_tokenText, true, false});
        }
    }
    // Without an answer a layer is where the panels will start, not a choice.
    const bool answered = m_state.run >= 0;
    if (m_state.layer >= 0 && answered) {
        add(tr("Layer %1").arg(m_state.layer));
    }
    if (m_state.expert >= 0 && answered) {
        add(tr("Expert %1").arg(m_state.expert));
    }
    if (parts.isEmpty()) {
        parts.append({tr("Nothing selected"), false, true});
    }
    return parts;
}

QString SelectionCrumb::text() const {
    QStringList words;
    for (const Part& part : parts()) {
        words << part.text;
    }
    return words.join(QLatin1Char(' '));
}

int SelectionCrumb::widthOf(const Part& part) {
    const QFontMetrics metrics(theme().font(part.token ? TextStyle::Mono : TextStyle::UiStrong));
    return metrics.horizontalAdvance(part.text) + (part.token ? kTokenRoom : kWordRoom);
}

int SelectionCrumb::widthOf(const QList<Part>& parts) {
    return std::accumulate(parts.begin(), parts.end(), kWordRoom,
                           [](int width, const Part& part) { return width + widthOf(part); });
}

QList<SelectionCrumb::Part> SelectionCrumb::fitting(int width) const {
    QList<Part> parts = this->parts();
    if (widthOf(parts) > width) { // the token's number says which it is
        parts.erase(std::remove_if(parts.begin(), parts.end(), [](const Part& part) { return part.token; }),
                    parts.end());
    }
    bool cut = false;
    while (parts.size() > 1 && widthOf(parts) > width) {
        if (cut) {
            parts.removeLast();
        }
        parts.last() = {QStringLiteral("…"), false, true};
        cut = true;
    }
    return parts;
}

QSize SelectionCrumb::sizeHint() const { return {widthOf(parts()), 28}; }

void SelectionCrumb::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    int x = kWordRoom / 2;
    for (const Part& part : fitting(width())) {
        painter.setFont(look.font(part.token ? TextStyle::Mono : TextStyle::UiStrong));
        const int width = QFontMetrics(painter.font()).horizontalAdvance(part.text);
        if (part.token) {
            const QRect box(x - 2, (height() - 18) / 2, width + 8, 18);
            painter.fillRect(box, look.color(Color::AccentTint));
            painter.setPen(look.color(Color::Text));
            painter.drawText(box, Qt::AlignCenter, part.text);
        } else {
            painter.setPen(look.color(part.mark ? Color::TextMuted : Color::Text));
            painter.drawText(QRect(x, 0, width + 2, height()), Qt::AlignLeft | Qt::AlignVCenter, part.text);
        }
        x += widthOf(part);
    }
}

void SelectionCrumb::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
    }
}

WindowToolBar::WindowToolBar(WindowActions* actions, QWidget* parent) : QToolBar(tr("Toolbar"), parent) {
    setObjectName(QStringLiteral("toolbar"));
    setMovable(false);
    setFloatable(false);
    setContextMenuPolicy(Qt::PreventContextMenu);
    setFixedHeight(kHeight);
    toggleViewAction()->setVisible(false);
    auto* content = m_content = new QWidget(this);
    content->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_row = new QHBoxLayout(content);
    m_row->setContentsMargins(4, 0, 4, 1);
    m_row->setSpacing(4);
    m_row->addWidget(button(QStringLiteral("sidebar"), actions->sidebar, tr("Sidebar")));
    m_row->addWidget(button(QStringLiteral("new-chat"), actions->newChat, tr("New chat")));
    m_row->addWidget(line());
    m_model = new ModelButton(content);
    m_row->addWidget(m_model);
    connect(m_model, &QAbstractButton::clicked, this,
            [this] { emit modelMenuRequested(m_model->mapToGlobal(QPoint(0, m_model->height()))); });
    m_row->addSpacing(8);
    m_layouts = new SegmentedControl({tr("Chat"), tr("Inspect"), tr("Compare")}, content);
    m_layouts->setAccessibleName(tr("Layout"));
    m_row->addWidget(m_layouts);
    m_line = line();
    m_row->addWidget(m_line);
    m_back = button(QStringLiteral("chevron-left"), actions->back, tr("Selection back"));
    m_forward = button(QStringLiteral("chevron-right"), actions->forward, tr("Selection forward"));
    m_row->addWidget(m_back);
    m_row->addWidget(m_forward);
    m_crumb = new SelectionCrumb(content);
    m_row->addWidget(m_crumb);
    m_row->addStretch(1);
    m_filter = new FilterLine(content);
    m_filter->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed); // as wide as placeFilter() says
    connect(m_filter, &FilterLine::wordsChanged, this, &WindowToolBar::placeFilter);
    m_row->addWidget(m_filter);
    m_row->addSpacing(4);
    m_capture = new CaptureButton(actions->capture, content);
    m_row->addWidget(m_capture);
    m_row->addWidget(line());
    m_row->addWidget(button(QStringLiteral("model"), actions->models, tr("Models")));
    m_theme = new IconButton(QStringLiteral("dark"), tr("Dark theme"), content);
    connect(m_theme, &QAbstractButton::clicked, this, &WindowToolBar::themeToggled);
    m_row->addWidget(m_theme);
    m_row->addWidget(button(QStringLiteral("settings"), actions->settings, tr("Settings")));
    addWidget(content);
    connect(m_layouts, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { emit layoutChosen(static_cast<LayoutName>(index)); });
    applyTheme();
    refresh();
}

IconButton* WindowToolBar::button(const QString& icon, QAction* action, const QString& name) {
    auto* button = new IconButton(icon, name, this);
    const QString keys = action->shortcut().toString(QKeySequence::NativeText);
    button->setToolTip(keys.isEmpty() ? name : QStringLiteral("%1 (%2)").arg(name, keys));
    button->setCheckable(action->isCheckable());
    const auto follow = [button, action] {
        button->setEnabled(action->isEnabled());
        button->setChecked(action->isChecked());
    };
    follow();
    connect(action, &QAction::changed, button, follow);
    connect(button, &QAbstractButton::clicked, action, [action, follow] {
        action->trigger();
        follow();
    });
    return button;
}

QWidget* WindowToolBar::line() {
    auto* line = new ToolBarLine(this);
    line->setFixedSize(17, 20);
    return line;
}

void WindowToolBar::setLayoutName(LayoutName layout) {
    m_layout = layout;
    m_modelsShown = false;
    const QSignalBlocker blocker(m_layouts);
    m_layouts->setCurrentIndex(static_cast<int>(layout));
    refresh();
}

void WindowToolBar::setModelsShown(bool shown) {
    if (!shown) {
        setLayoutName(m_layout);
        return;
    }
    m_modelsShown = true;
    m_layouts->clear();
    refresh();
}

void WindowToolBar::setModel(const QString& name, const QString& type, bool builtIn) {
    QStringList detail;
    if (!type.isEmpty()) {
        detail << type;
    }
    if (builtIn) {
        detail << tr("built in");
    }
    m_model->setModel(name, detail.join(QStringLiteral(" · ")));
}

void WindowToolBar::setWindowWidth(int width) {
    m_windowWidth = width;
    refresh();
}

void WindowToolBar::refresh() {
    const bool inspect = m_layout != LayoutName::Chat && !m_modelsShown;
    const double scale = theme().fontScale();
    const bool crumb = inspect && m_windowWidth >= kCrumbAbove * scale;
    for (QWidget* widget : QList<QWidget*>{m_line, m_back, m_forward}) {
        widget->setVisible(inspect);
    }
    m_crumb->setVisible(crumb);
    m_filter->setVisible(inspect);
    placeFilter();
    m_capture->setBrief(m_windowWidth < kDetailAbove * scale);
    m_model->setBrief(inspect && m_windowWidth < kDetailAbove * scale);
}

void WindowToolBar::placeFilter() {
    const double scale = theme().fontScale();
    const int least = qRound((m_windowWidth < kFilterAbove * scale ? kFilterBrief : kFilterWidth) * scale);
    const int most = std::clamp(m_filter->wantedWidth(), least, std::max(least, qRound(kFilterMost * scale)));
    m_filter->setMinimumWidth(least);
    m_filter->setMaximumWidth(most);
    m_row->setStretchFactor(m_filter, most > least ? 1000 : 0); // before the space at its left
}

void WindowToolBar::applyTheme() {
    // The toolbar is as high as what it holds, with the style's margin above and below. The first theme brings the style.
    m_content->setFixedHeight(kHeight - 2 * style()->pixelMetric(QStyle::PM_ToolBarItemMargin, nullptr, this));
    const bool dark = theme().scheme() == Scheme::Dark;
    m_theme->setIconName(dark ? QStringLiteral("light") : QStringLiteral("dark"));
    const QString name = dark ? tr("Light theme") : tr("Dark theme");
    m_theme->setAccessibleName(name);
    m_theme->setToolTip(name);
    refresh();
}

void WindowToolBar::changeEvent(QEvent* event) {
    QToolBar::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_theme != nullptr) {
        applyTheme();
    }
}

void WindowToolBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Window));
    painter.setPen(theme().color(Color::Border));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace moescope::ui
