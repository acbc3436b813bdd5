// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/paneltitlebar.h"

#include "ui/panels/chartpaint.h"
#include "ui/theme/plaintooltip.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/iconbutton.h"

#include <QEvent>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kButton = 28;      ///< px
constexpr int kSmallButton = 24; ///< px
constexpr int kIconGap = 3;      ///< px between icon and title, more than between others
constexpr int kLeadGap = 9;      ///< px at both sides of what leads

} // namespace

class PanelTitleBar::Icon : public QWidget {
public:
    Icon(QString name, QWidget* parent) : QWidget(parent), m_name(std::move(name)) {}
    QSize sizeHint() const override { return {14, 14}; }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        const QPixmap pixmap = theme().pixmap(m_name, 14, theme().color(Color::TextSecondary), devicePixelRatioF());
        painter.drawPixmap((width() - 14) / 2, (height() - 14) / 2, pixmap);
    }

private:
    QString m_name;
};

/** Right-aligned words; spans that do not fit are left out from the end. */
class PanelTitleBar::Info : public QWidget {
public:
    explicit Info(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred); }
    void setInfo(const Readout& info) {
        m_info = info;
        setAccessibleName(readoutText(info));
        setToolTip(plainToolTip(readoutText(info)));
        QWidget::update();
    }
    void setAtLeft() { m_atLeft = true; }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        QList<int> advances;
        int total = 0;
        for (const ReadoutSpan& span : m_info) {
            const int advance = QFontMetrics(spanFont(span)).horizontalAdvance(span.text) +
                                (span.style == ReadoutSpan::Mono ? 2 * chipInset() : 0);
            if (total + advance > width()) {
                break;
            }
            advances.append(advance);
            total += advance;
        }
        int x = m_atLeft ? 0 : std::max(0, width() - total - scaledPx(8));
        for (qsizetype at = 0; at < advances.size(); ++at) {
            const bool chip = m_info.at(at).style == ReadoutSpan::Mono;
            if (chip) { // a token: it may be a full stop or a space
                paintRowBand(painter, QRect(x, (height() - scaledPx(18)) / 2, advances.at(at), scaledPx(18)),
                             theme().color(Color::Sunken));
            }
            paintText(painter, QRect(x + (chip ? chipInset() : 0), 0, advances.at(at), height()),
                      Qt::AlignLeft | Qt::AlignVCenter, m_info.at(at).text, spanFont(m_info.at(at)),
                      theme().color(m_info.at(at).style == ReadoutSpan::Strong ? Color::Text : Color::TextMuted));
            x += advances.at(at);
        }
    }

private:
    static int chipInset() { return scaledPx(3); }

    Readout m_info;
    bool m_atLeft = false;
};

PanelTitleBar::PanelTitleBar(const QString& iconName, const QString& title, QWidget* parent) : QWidget(parent) {
    m_layout = new QHBoxLayout(this);
    // The edge and 12 px, as in the panel below.
    m_layout->setContentsMargins(13, 1, 3, 1);
    m_layout->setSpacing(3);
    m_icon = new Icon(iconName, this);
    m_title = new ElidedLabel(title, TextStyle::PanelTitle, Color::Text, this);
    m_title->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed); // what is beside it gives way first
    m_info = new Info(this);
    m_controls = new QHBoxLayout;
    m_controls->setSpacing(6);
    m_legends = new QHBoxLayout;
    m_table = new IconButton(QStringLiteral("table"), tr("Table of the same values"), this);
    m_table->setCheckable(true);
    m_more = new IconButton(QStringLiteral("more"), tr("Menu of the panel %1").arg(title), this);
    m_layout->addWidget(m_icon);
    m_gap = new QSpacerItem(kIconGap, 0, QSizePolicy::Fixed);
    m_layout->addItem(m_gap);
    m_layout->addWidget(m_title);
    m_layout->addWidget(m_info, 1);
    m_layout->addLayout(m_legends);
    m_layout->addLayout(m_controls);
    m_layout->addStretch(0);
    m_copy = new IconButton(QStringLiteral("copy"), tr("Copy the table"), this);
    m_export = new IconButton(QStringLiteral("export"), tr("Save the table as CSV"), this);
    m_copy->hide();
    m_export->hide();
    m_layout->addWidget(m_copy);
    m_layout->addWidget(m_export);
    m_layout->addWidget(m_table);
    m_layout->addWidget(m_more);
    applyTheme();
}

void PanelTitleBar::addControl(QWidget* control) {
    m_controls->addWidget(control);
    placeParts();
}

void PanelTitleBar::addOptional(QWidget* control) {
    m_optional = control;
    control->hide();
    addControl(control);
}

void PanelTitleBar::setOptionalWanted(bool wanted) {
    m_optionalWanted = wanted;
    placeTitle();
}

void PanelTitleBar::addLead(QWidget* control) {
    const int at = m_layout->indexOf(m_info);
    m_layout->insertSpacing(at, kLeadGap);
    m_layout->insertWidget(at + 1, control);
    m_layout->insertSpacing(at + 2, kLeadGap);
    m_lead = control;
    m_info->setAtLeft();
    placeTitle();
}

void PanelTitleBar::addLegend(QWidget* legend) {
    m_legends->addWidget(legend);
    placeParts();
}

void PanelTitleBar::placeParts() {
    // What is empty takes nothing.
    const auto margins = [](const QLayout* part, int left) {
        return part->isEmpty() ? QMargins() : QMargins(left, 0, 3, 0);
    };
    m_controls->setContentsMargins(margins(m_controls, m_tabbed ? 0 : 8));
    m_legends->setContentsMargins(margins(m_legends, m_tabbed ? 10 : 8));
}

void PanelTitleBar::setInfo(const Readout& info) {
    m_info->setInfo(info);
    m_hasInfo = !info.isEmpty();
    applyTheme();
}

void PanelTitleBar::setMenuAmongTabs() {
    m_menuAmongTabs = true;
    m_more->setVisible(!m_tabbed);
    applyTheme();
}

bool PanelTitleBar::isBare() const {
    return m_tabbed && m_menuAmongTabs && m_lead == nullptr && !m_hasInfo && !m_table->isChecked() &&
           m_controls->isEmpty() && m_legends->isEmpty();
}

void PanelTitleBar::setTabbed(bool tabbed) {
    if (tabbed == m_tabbed) {
        return;
    }
    m_tabbed = tabbed;
    m_more->setVisible(!tabbed || !m_menuAmongTabs);
    applyTheme();
    placeParts();
    placeTitle();
    // Controls first, then words: or the other way round. The legend is on that side of the controls where it comes
    // and goes without moving them.
    m_layout->removeItem(m_controls);
    m_layout->removeItem(m_legends);
    m_layout->insertLayout(tabbed ? 0 : m_layout->indexOf(m_info) + 1, m_controls);
    m_layout->insertLayout(m_layout->indexOf(m_controls) + (tabbed ? 1 : 0), m_legends);
}

void PanelTitleBar::setTwinShown(bool shown) {
    m_table->setChecked(shown);
    m_copy->setVisible(shown);
    m_export->setVisible(shown);
    applyTheme();
    placeTitle();
}

int PanelTitleBar::titleHeight() const { return isBare() ? 0 : scaledPx(32) + 1; }

QSize PanelTitleBar::sizeHint() const { return {m_layout->sizeHint().width(), titleHeight()}; }

QSize PanelTitleBar::minimumSizeHint() const { return {0, titleHeight()}; }

void PanelTitleBar::applyTheme() { setFixedHeight(titleHeight()); }

int PanelTitleBar::leastWidth(int button) const {
    const int spacing = m_layout->spacing();
    const QMargins edges = m_layout->contentsMargins();
    int least = edges.left() + edges.right();
    for (const QLayout* part : {m_controls, m_legends}) {
        least += part->isEmpty() ? 0 : part->minimumSize().width() + spacing;
    }
    least += m_lead != nullptr && !m_lead->isHidden() ? m_lead->minimumSizeHint().width() + 2 * kLeadGap + spacing : 0;
    for (const IconButton* each : {m_table, m_copy, m_export, m_more}) {
        least += each->isHidden() ? 0 : button + spacing;
    }
    return least;
}

int PanelTitleBar::placeOptional() {
    if (m_optional == nullptr) {
        return 0;
    }
    int cut = 0;
    for (int at = 0; at < m_controls->count(); ++at) {
        const QWidget* control = m_controls->itemAt(at)->widget();
        if (control != m_optional && !control->isHidden()) {
            cut += control->sizeHint().width() - control->minimumSizeHint().width();
        }
    }
    const int least = m_optional->isHidden() ? 0 : m_optional->minimumSizeHint().width() + m_controls->spacing();
    const int whole = m_optional->sizeHint().width() + m_controls->spacing() - least;
    const int title = m_tabbed ? 0 : m_title->sizeHint().width() + m_layout->spacing();
    const bool shown = m_optionalWanted && leastWidth(kSmallButton) + cut + whole + title <= width();
    m_optional->setVisible(shown);
    return shown ? cut + m_optional->sizeHint().width() - m_optional->minimumSizeHint().width() : 0;
}

void PanelTitleBar::placeTitle() {
    const int words = placeOptional();
    const int title = m_title->sizeHint().width() + m_layout->spacing();
    const int icon = m_icon->sizeHint().width() + m_layout->spacing() + kIconGap;
    const bool small = leastWidth(kButton) + words + title + icon > width();
    for (IconButton* button : {m_table, m_copy, m_export, m_more}) {
        button->setSmall(small);
    }
    const int least = leastWidth(small ? kSmallButton : kButton);
    // The title is whole or not there: the controls tell panels apart too.
    const bool titled = least + title <= width();
    const bool marked = !m_tabbed && (!titled || least + words + title + icon <= width());
    m_title->setVisible(!m_tabbed && titled);
    m_icon->setVisible(marked);
    if (const int gap = marked ? kIconGap : 0; gap != m_gap->sizeHint().width()) {
        m_gap->changeSize(gap, 0, QSizePolicy::Fixed);
        m_layout->invalidate();
    }
}

void PanelTitleBar::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    placeTitle();
}

bool PanelTitleBar::event(QEvent* event) {
    if (event->type() == QEvent::LayoutRequest) {
        applyTheme();
        placeTitle();
    }
    return QWidget::event(event);
}

void PanelTitleBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Panel));
    const QColor border = theme().color(Color::Border);
    if (!touchesTop(this)) {
        painter.fillRect(QRect(0, 0, width(), 1), border);
    }
    painter.fillRect(QRect(0, 0, 1, height()), border);
    painter.fillRect(QRect(width() - 1, 0, 1, height()), border);
    painter.fillRect(QRect(1, height() - 1, width() - 2, 1), theme().color(Color::BorderSubtle));
}

void PanelTitleBar::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        applyTheme();
        update();
    }
}

} // namespace moescope::ui
